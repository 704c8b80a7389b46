import type { ScorerFault } from '../../conformance/scorer-rules.js';
import { notFinite, type SimulatedRequest, type SimulatedService } from './http-simulator.js';
import { toyDimensions, toyEmbedding } from './toy-embedding.js';

type Vector = readonly (number | typeof notFinite)[];

/** Faults that any of these services can have. */
export const embeddingFaults: readonly ScorerFault[] = [
  'overloaded',
  'server-error',
  'hang',
  'garbage',
  'truncated',
  'disconnect',
  'wrong-dimension',
  'not-a-number',
  'zeros',
  'too-few',
];

/** What a service with this fault answers for some texts. */
export function faultyVectors(texts: readonly string[], fault: ScorerFault | null): Vector[] {
  const vectors: Vector[] = texts.map(toyEmbedding);
  switch (fault) {
    case 'wrong-dimension':
      return vectors.map((vector) => vector.slice(0, toyDimensions / 2));
    case 'not-a-number':
      return vectors.map((vector) => [notFinite, ...vector.slice(1)]);
    case 'zeros':
      return vectors.map((vector) => vector.map(() => 0));
    case 'too-few':
      return vectors.slice(1);
    default:
      return vectors;
  }
}

/** The body's members when they are exactly `required` and any of `optional`; else what is wrong. */
function membersOf(
  body: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'the body is no object';
  const members = body as Readonly<Record<string, unknown>>;
  const missing = required.find((name) => !(name in members));
  if (missing !== undefined) return `the body has no ${missing}`;
  const unknown = Object.keys(members).find((name) => !required.includes(name) && !optional.includes(name));
  return unknown === undefined ? members : `the body has an unknown ${unknown}`;
}

function textsIn(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const items: readonly unknown[] = value;
  return items.every((item): item is string => typeof item === 'string' && item !== '') ? items : null;
}

const postTo = ({ method, path }: SimulatedRequest, expected: string): string | null =>
  method === 'POST' && path === expected ? null : `${method} ${path} instead of POST ${expected}`;

export interface OpenAiSimulation {
  readonly model: string;
  /** Answers with base64, or with lists as servers do that do not know the parameter. */
  readonly base64: boolean;
}

/** `POST /v1/embeddings`; answers in reversed order, as the interface allows. */
export function openAiService({ base64, model }: OpenAiSimulation): SimulatedService {
  const error = (message: string, type: string) => ({ error: { message, type, code: null } });
  return {
    overloaded: { status: 429, body: error('slow down', 'rate_limit_error') },
    failed: { status: 500, body: error('oops', 'server_error') },
    answer: (request, fault) => {
      const wrong = postTo(request, '/v1/embeddings');
      if (wrong !== null) return wrong;
      const members = membersOf(request.body, ['model', 'input'], ['encoding_format', 'dimensions']);
      if (typeof members === 'string') return members;
      const texts = textsIn(members['input']);
      if (!texts || texts.length > 64) return 'input is not 1 to 64 texts';
      if (members['model'] !== model) return `the model ${String(members['model'])} does not exist`;
      if (members['encoding_format'] !== 'base64') return 'encoding_format is not base64';
      const data = faultyVectors(texts, fault).map((vector, index) => {
        const numbers = vector.map((value) => (value === notFinite ? Number.NaN : value));
        const embedding = base64 ? Buffer.from(Float32Array.from(numbers).buffer).toString('base64') : vector;
        return { object: 'embedding', index, embedding };
      });
      const usage = { prompt_tokens: texts.length, total_tokens: texts.length };
      return { status: 200, body: { object: 'list', data: data.toReversed(), model, usage } };
    },
  };
}

/** `GET /info` and `POST /embed` of Text Embeddings Inference with a small batch limit. */
export function teiService(maxClientBatchSize = 5, revision = 'r1'): SimulatedService {
  const error = (message: string, type: string) => ({ error: message, error_type: type });
  return {
    overloaded: { status: 429, body: error('Model is overloaded', 'Overloaded') },
    failed: { status: 424, body: error('Inference failed', 'Backend') },
    answer: (request, fault) => {
      if (request.method === 'GET' && request.path === '/info')
        return {
          status: 200,
          body: {
            model_id: 'toy/letters',
            model_sha: revision,
            model_dtype: 'float32',
            max_concurrent_requests: 512,
            max_input_length: 512,
            max_client_batch_size: maxClientBatchSize,
          },
        };
      const wrong = postTo(request, '/embed');
      if (wrong !== null) return wrong;
      const members = membersOf(request.body, ['inputs'], ['truncate', 'normalize']);
      if (typeof members === 'string') return members;
      const texts = textsIn(members['inputs']);
      if (!texts) return 'inputs is not a list of texts';
      if (members['truncate'] !== true) return 'a long text would be refused without truncate';
      if (texts.length > maxClientBatchSize)
        return { status: 413, body: error('batch too large', 'Validation') };
      return { status: 200, body: faultyVectors(texts, fault) };
    },
  };
}

/** `POST /api/embed` of Ollama. */
export function ollamaService(model: string): SimulatedService {
  return {
    overloaded: { status: 503, body: { error: 'server busy, please try again' } },
    failed: { status: 500, body: { error: 'llama runner process has terminated' } },
    answer: (request, fault) => {
      const wrong = postTo(request, '/api/embed');
      if (wrong !== null) return wrong;
      const members = membersOf(request.body, ['model', 'input'], ['truncate', 'keep_alive', 'options']);
      if (typeof members === 'string') return members;
      const texts = textsIn(members['input']);
      if (!texts) return 'input is not a list of texts';
      if (members['model'] !== model) return { status: 404, body: { error: `model "${model}" not found` } };
      return { status: 200, body: { model, embeddings: faultyVectors(texts, fault), total_duration: 1 } };
    },
  };
}
