import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { Server, ServerCredentials } from '@grpc/grpc-js';

import { similarityLimits } from '../../../config/limits.js';
import { loadRankService } from './rank-proto.js';
import { RankService } from './rank-service.js';

/** A running server of `parley.similarity.v1`. */
export interface RankServer {
  readonly port: number;
  /** Ends it, with every call under way. */
  close(): void;
}

/** Serves the in-box matcher on an address; port 0 takes a free one. Rejects when the port is taken. */
export async function startRankServer(
  port: number,
  address = '127.0.0.1',
  service = new RankService(),
): Promise<RankServer> {
  const server = new Server({ 'grpc.max_receive_message_length': similarityLimits.rankMessageBytes });
  server.addService(loadRankService(), service.handlers());
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:${port}`, ServerCredentials.createInsecure(), (error, taken) => {
      if (error) reject(error);
      else resolve(taken);
    });
  });
  return { port: bound, close: () => server.forceShutdown() };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '50061' },
      address: { type: 'string', default: '127.0.0.1' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port is 0 to 65535');
  const server = await startRankServer(port, values.address);
  process.stdout.write(`parley.similarity.v1 on ${values.address}:${server.port}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close());
}

const isProgram = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isProgram) {
  try {
    await main();
  } catch (err) {
    process.stderr.write(`reference-server: ${err instanceof Error ? err.message : String(err)}\n`);
    process.exitCode = 1;
  }
}
