import { Server, ServerCredentials, status, type Metadata, type ServiceDefinition } from '@grpc/grpc-js';

import type { ScorerFault } from '../../conformance/scorer-rules.js';
import { faultyVectors } from './embedding-services.js';
import { notFinite } from './http-simulator.js';
import { bytesField, floatsField, intField, readFields } from './protobuf.js';

const asIs = (bytes: Buffer): Buffer => bytes;
const method = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});
const service: ServiceDefinition = {
  Info: method('/tei.v1.Info/Info'),
  Embed: method('/tei.v1.Embed/Embed'),
};

interface Call {
  readonly request: Buffer;
  readonly metadata: Metadata;
  getDeadline(): Date | number;
}
type Answer = (error: { code: status; details: string } | null, bytes?: Buffer) => void;

/** Faults that a gRPC server of embeddings can have. */
export const grpcFaults: readonly ScorerFault[] = [
  'overloaded',
  'server-error',
  'hang',
  'garbage',
  'wrong-dimension',
  'not-a-number',
  'zeros',
];

/** `tei.v1` by its bytes: fields are read and written by number, not by a schema. */
export class TeiGrpcSimulator {
  readonly #server = new Server();
  readonly #apiKey: string;
  #fault: ScorerFault | null = null;
  readonly breaches: string[] = [];
  port = 0;

  private constructor(apiKey: string) {
    this.#apiKey = apiKey;
    this.#server.addService(service, {
      Info: (call: Call, answer: Answer) => this.#serve(call, answer, () => this.#info(call.request)),
      Embed: (call: Call, answer: Answer) =>
        this.#serve(call, answer, (fault) => this.#embed(call.request, fault)),
    });
  }

  static async start(apiKey: string): Promise<TeiGrpcSimulator> {
    const simulator = new TeiGrpcSimulator(apiKey);
    simulator.port = await new Promise<number>((resolve, reject) => {
      simulator.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
    return simulator;
  }

  failNext(fault: ScorerFault): void {
    this.#fault = fault;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #serve(call: Call, answer: Answer, handle: (fault: ScorerFault | null) => Buffer): void {
    const fault = this.#fault;
    this.#fault = null;
    if (call.metadata.get('authorization')[0] !== `Bearer ${this.#apiKey}`)
      return answer({ code: status.UNAUTHENTICATED, details: 'no' });
    if (call.getDeadline() === Infinity) this.breaches.push('a call without a deadline');
    if (fault === 'hang') return undefined;
    if (fault === 'overloaded') return answer({ code: status.RESOURCE_EXHAUSTED, details: 'overloaded' });
    if (fault === 'server-error') return answer({ code: status.UNKNOWN, details: 'backend' });
    if (fault === 'garbage') return answer(null, Buffer.from('0a05010203', 'hex'));
    try {
      return answer(null, handle(fault));
    } catch (err) {
      this.breaches.push(String(err));
      return answer({ code: status.INVALID_ARGUMENT, details: String(err) });
    }
  }

  #info(request: Buffer): Buffer {
    if (request.length > 0) throw new Error('InfoRequest has no fields');
    return Buffer.concat([
      bytesField(1, '1.8.0'),
      bytesField(4, 'toy/letters'),
      bytesField(5, 'r1'),
      bytesField(6, 'float32'),
      intField(8, 20),
      intField(12, 32),
    ]);
  }

  #embed(request: Buffer, fault: ScorerFault | null): Buffer {
    const fields = new Map(readFields(request).map(({ field, value }) => [field, value]));
    const inputs = fields.get(1);
    if (!(inputs instanceof Buffer) || inputs.length === 0) throw new Error('inputs is empty');
    if (fields.get(2) !== 1n || fields.get(3) !== 1n) throw new Error('truncate and normalize are not set');
    if (fields.size !== 3) throw new Error('unknown fields');
    const [vector = []] = faultyVectors([inputs.toString('utf8')], fault);
    const numbers = vector.map((value) => (value === notFinite ? Number.NaN : value));
    return Buffer.concat([floatsField(1, numbers), bytesField(2, intField(1, 3))]);
  }
}
