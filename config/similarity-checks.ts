import { isIP } from 'node:net';

import { isLoopback } from './cidr.js';
import type { Finding } from './problem.js';
import type { Config } from './schema.js';

type Similarity = Config['similarity'];

/** Schemes of `similarity.url`, by scorer; those that are not here have none. */
const schemes: Readonly<Record<string, readonly string[]>> = {
  openai: ['http:', 'https:'],
  tei: ['http:', 'https:'],
  ollama: ['http:', 'https:'],
  'tei-grpc': ['grpc:', 'grpcs:'],
  rank: ['grpc:', 'grpcs:'],
};

const modelled: readonly string[] = ['openai', 'ollama'];

/** What a scorer needs beside its name. */
export function checkSimilarity({ similarity }: Config): Finding[] {
  const { directory, model, scorer } = similarity;
  const findings = checkUrl(similarity);
  if (modelled.includes(scorer) && model === '')
    findings.push(finding('error', 'model', `similarity.scorer ${scorer} needs a model`, 'write its name'));
  if (scorer === 'onnx' && directory === null)
    findings.push(
      finding('error', 'directory', 'similarity.scorer onnx needs a model', 'write the directory it is in'),
    );
  return findings;
}

function checkUrl({ apiKey, scorer, url }: Similarity): Finding[] {
  const allowed = schemes[scorer];
  if (!allowed) return [];
  const example = `${allowed[0] ?? ''}//127.0.0.1:8081`;
  if (url === null)
    return [
      finding('error', 'url', `similarity.scorer ${scorer} needs an address`, `write one such as ${example}`),
    ];
  if (!URL.canParse(url))
    return [finding('error', 'url', `"${url}" is no URL`, `write one such as ${example}`)];
  const { hostname, password, protocol, username } = new URL(url);
  if (!allowed.includes(protocol) || hostname === '')
    return [
      finding('error', 'url', `${scorer} is not asked over ${protocol}//`, `write one such as ${example}`),
    ];
  if (username !== '' || password !== '')
    return [finding('error', 'url', 'the address contains a credential', 'move it to similarity.apiKey')];
  const plain = protocol === 'http:' || protocol === 'grpc:';
  if (plain && apiKey !== null && !isLocal(hostname))
    return [
      finding(
        'warning',
        'url',
        'the key is sent without encryption',
        `use ${allowed[1] ?? ''}//, if the service can`,
      ),
    ];
  return [];
}

function isLocal(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || (isIP(bare) !== 0 && isLoopback(bare));
}

function finding(severity: Finding['severity'], key: string, message: string, fix: string): Finding {
  return { severity, part: 'value', path: ['similarity', key], message, fix };
}
