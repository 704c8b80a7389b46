import { z } from 'zod';

import { similarityLimits } from '../limits.js';
import { secret } from './fields.js';

const path = z.string().min(1).max(1_024);

export const similaritySection = z
  .strictObject({
    scorer: z
      .enum(['ngram', 'openai', 'tei', 'tei-grpc', 'ollama', 'rank', 'onnx'])
      .default('ngram')
      .describe(
        'What compares. ngram: built in, no network. openai, tei, tei-grpc, ollama: an embedding service at url. rank: a parley.similarity.v1 server at url. onnx: a model in directory, in this process.',
      ),
    url: z
      .string()
      .max(1_024)
      .nullable()
      .default(null)
      .meta({
        description:
          'Address of the service: http(s) for openai (what /embeddings follows), tei and ollama; grpc:// or grpcs:// for tei-grpc and rank.',
        examples: ['http://127.0.0.1:8081', 'grpc://127.0.0.1:50061'],
      }),
    model: z.string().max(256).default('').describe('Model that openai and ollama are asked for.'),
    apiKey: secret(1)
      .nullable()
      .default(null)
      .meta({
        writeOnly: true,
        description:
          'Sent as a bearer token. Write ${ENV_NAME} or file:/path, not the key itself; null = none.',
        examples: ['${EMBEDDING_API_KEY}'],
      }),
    timeoutMs: z
      .int()
      .min(10)
      .max(10_000)
      .default(150)
      .describe('A turn that has no answer by then is decided by the built-in matcher.'),
    hybridWeight: z
      .number()
      .min(0.05)
      .max(1)
      .default(1)
      .describe("The scorer's part of each score, the rest is the built-in matcher's; 1 = the scorer alone."),
    queryPrefix: z
      .string()
      .max(1_000)
      .default('')
      .describe('Put before what was said, not before examples, for models that were trained with one.'),
    directory: path
      .nullable()
      .default(null)
      .describe(
        'Directory of an ONNX sentence-embedding model with its tokenizer.json, relative to this file.',
      ),
    runtimeModule: path
      .nullable()
      .default(null)
      .describe(
        'Directory of the package onnxruntime-node, relative to this file; null = where Parley is installed.',
      ),
    cache: z
      .strictObject({
        directory: path
          .default('./data/vectors')
          .describe('Where embeddings of examples are kept, relative to this file; made when needed.'),
        maxMegabytes: z
          .int()
          .min(0)
          .max(65_536)
          .default(similarityLimits.vectorFileBytes / 1_048_576)
          .describe('Size of all of them; the least recently used go first. 0 = keep none.'),
      })
      .prefault({})
      .describe('Each example is embedded once, not at each start. What callers say is never kept.'),
  })
  .prefault({})
  .describe(
    'How what was said is compared with the examples. Whatever fails or is late, the built-in matcher decides instead.',
  );
