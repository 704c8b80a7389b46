import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SeededRandom } from '../../../config/random.js';
import { bytesField, intField, intsField } from './protobuf.js';

const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'] as const;
const dimension = 32;

export interface ToyModelOptions {
  readonly pooling?: 'pooling_mode_mean_tokens' | 'pooling_mode_max_tokens' | 'pooling_mode_cls_token';
  /** Where the model lies in the directory. */
  readonly file?: string;
  /** Inputs beside `input_ids`; the graph does not use them. */
  readonly inputs?: readonly string[];
  readonly maxTokens?: number;
}

/** Writes a sentence-embedding model that knows the words of some texts: a real ONNX file with a real tokenizer. */
export function writeToyModel(
  directory: string,
  texts: readonly string[],
  { file = 'onnx/model.onnx', inputs = ['attention_mask'], maxTokens = 64, pooling }: ToyModelOptions = {},
): void {
  const words = new Set(texts.flatMap((text) => text.toLowerCase().match(/[a-z]+|\p{Script=Han}/gu) ?? []));
  const vocabulary = [...specialTokens, ...words];
  mkdirSync(join(directory, 'onnx'), { recursive: true });
  mkdirSync(join(directory, '1_Pooling'), { recursive: true });
  writeFileSync(join(directory, file), modelBytes(vocabulary.length, inputs));
  writeJson(directory, 'tokenizer.json', tokenizer(vocabulary));
  writeJson(directory, 'tokenizer_config.json', { model_max_length: maxTokens, pad_token: '[PAD]' });
  writeJson(directory, 'config.json', { max_position_embeddings: 512 });
  if (pooling)
    writeJson(directory, '1_Pooling/config.json', { word_embedding_dimension: dimension, [pooling]: true });
}

function writeJson(directory: string, name: string, value: unknown): void {
  writeFileSync(join(directory, name), JSON.stringify(value));
}

/** WordPiece of whole words, with [CLS] and [SEP] around each text. */
function tokenizer(vocabulary: readonly string[]): object {
  const special = (content: string, id: number) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const single = [
    { SpecialToken: { id: '[CLS]', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: '[SEP]', type_id: 0 } },
  ];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map(special),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: single,
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  };
}

/** An ONNX graph of one Gather: `last_hidden_state` is the row of each token in a table of random numbers. */
function modelBytes(vocabulary: number, inputs: readonly string[]): Buffer {
  const float32 = 1;
  const int64 = 7;
  const random = new SeededRandom(7);
  const table = Float32Array.from({ length: vocabulary * dimension }, () => random.next() - 0.4);
  const initializer = Buffer.concat([
    intsField(1, [vocabulary, dimension]),
    intField(2, float32),
    bytesField(8, 'table'),
    bytesField(9, Buffer.from(table.buffer)),
  ]);
  const axis = Buffer.concat([bytesField(1, 'axis'), intField(3, 0), intField(20, 2)]);
  const node = Buffer.concat([
    bytesField(1, 'table'),
    bytesField(1, 'input_ids'),
    bytesField(2, 'last_hidden_state'),
    bytesField(4, 'Gather'),
    bytesField(5, axis),
  ]);
  const graph = Buffer.concat([
    bytesField(1, node),
    bytesField(2, 'toy'),
    bytesField(5, initializer),
    ...['input_ids', ...inputs].map((name) => bytesField(11, valueInfo(name, int64, ['batch', 'tokens']))),
    bytesField(12, valueInfo('last_hidden_state', float32, ['batch', 'tokens', dimension])),
  ]);
  const opset = intField(2, 17);
  return Buffer.concat([intField(1, 8), bytesField(7, graph), bytesField(8, opset)]);
}

function valueInfo(name: string, type: number, dims: readonly (string | number)[]): Buffer {
  const shape = dims.map((dim) =>
    bytesField(1, typeof dim === 'string' ? bytesField(2, dim) : intField(1, dim)),
  );
  const tensor = Buffer.concat([intField(1, type), bytesField(2, Buffer.concat(shape))]);
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))]);
}
