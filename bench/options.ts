import { isIP } from 'node:net';

/** Another MRCP server to measure with the same client. */
export interface Peer {
  readonly address: string;
  readonly sipPort: number;
  /** For its processor time and memory; null where unknown. */
  readonly pid: number | null;
}

export interface BenchOptions {
  /** Names in the order of the command line; empty means all. */
  readonly suites: readonly string[];
  /** Small samples: shows that everything runs, proves little. */
  readonly quick: boolean;
  readonly peer: Peer | null;
  /** Directory of labelled utterances for the matcher; null takes those that ship with the benchmark. */
  readonly dataDirectory: string | null;
  /** Where packages that are only compared with are looked for; null means the current directory. */
  readonly peerModules: string | null;
}

export type ParsedOptions =
  { readonly ok: true; readonly options: BenchOptions } | { readonly ok: false; readonly message: string };

/** Reads the command line; `known` are the names of the suites. */
export function parseOptions(words: readonly string[], known: readonly string[]): ParsedOptions {
  const suites: string[] = [];
  let quick = false;
  let address: { readonly address: string; readonly sipPort: number } | null = null;
  let pid: number | null = null;
  let dataDirectory: string | null = null;
  let peerModules: string | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const value = words[i + 1];
    if (word === '--quick') quick = true;
    else if (known.includes(word)) suites.push(word);
    else if (['--peer', '--peer-pid', '--data', '--peer-modules'].includes(word)) {
      if (value === undefined) return refuse(`${word} wants a value`);
      i++;
      if (word === '--data') dataDirectory = value;
      else if (word === '--peer-modules') peerModules = value;
      else if (word === '--peer-pid') {
        if (!/^[1-9]\d{0,9}$/.test(value)) return refuse(`--peer-pid: "${value}" is not a process id`);
        pid = Number(value);
      } else {
        address = parsePeer(value);
        if (!address)
          return refuse(`--peer: "${value}" is not a loopback address and port such as 127.0.0.1:8060`);
      }
    } else return refuse(`"${word}" is neither a suite (${known.join(', ')}) nor an option`);
  }
  if (pid !== null && !address) return refuse('--peer-pid belongs to --peer HOST:PORT');
  return {
    ok: true,
    options: { suites, quick, peer: address && { ...address, pid }, dataDirectory, peerModules },
  };
}

function refuse(message: string): ParsedOptions {
  return { ok: false, message };
}

/** Loopback only: a benchmark must not be a way to flood somebody else's server. */
function parsePeer(text: string): { address: string; sipPort: number } | null {
  const match = /^([0-9.]+|localhost):(\d{1,5})$/.exec(text);
  const address = match?.[1] === 'localhost' ? '127.0.0.1' : (match?.[1] ?? '');
  const sipPort = Number(match?.[2]);
  if (isIP(address) !== 4 || !address.startsWith('127.') || sipPort < 1 || sipPort > 65_535) return null;
  return { address, sipPort };
}
