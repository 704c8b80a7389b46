import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';

import type { Clock } from '../../config/clock.js';
import { treeLimits } from '../../config/limits.js';
import type { ExaminedTree } from '../../dialog/load.js';
import type { PrepareAnswer, PrepareRequest } from './prepare-protocol.js';
import { joinPieces, type TreePiece } from './tree-pieces.js';
import { nextTurnOfLoop } from './tree-scorers.js';

/** Checks and measures the text of a tree. Rejects when that could not be brought to an end. */
export type ExamineTree = (text: string, file: string) => Promise<ExaminedTree>;

export interface ExaminerOptions {
  readonly deadlineMs?: number;
  readonly megabytes?: number;
}

/**
 * Examines trees, each in a thread of its own, so that no call waits for it; a large one comes back in pieces.
 *
 * A tree that takes longer than the deadline or more memory than the bound costs its own thread and rejects.
 */
export function threadExaminer(clock: Clock, options: ExaminerOptions = {}): ExamineTree {
  const { deadlineMs = treeLimits.loadMs, megabytes = treeLimits.loadMegabytes } = options;
  return (text, file) =>
    new Promise((resolve, reject) => {
      const { port1: own, port2: pieces } = new MessageChannel();
      const worker = new Worker(new URL('./prepare-worker.js', import.meta.url), {
        workerData: { text, file, pieces } satisfies PrepareRequest,
        transferList: [pieces],
        resourceLimits: { maxOldGenerationSizeMb: megabytes },
        // Nothing of the operator's environment is any of a tree's business.
        env: {},
        stdout: true,
        stderr: true,
      });
      const deadline = clock.setTimer(
        () => fail(`it took longer than ${deadlineMs} ms to check; split the tree`),
        deadlineMs,
      );
      const end = (): void => {
        deadline.cancel();
        worker.removeAllListeners();
        // What a dying thread still has to say must not end the process.
        worker.on('error', () => undefined);
        worker.terminate().catch(() => undefined);
      };
      const fail = (reason: string): void => {
        end();
        own.close();
        reject(new Error(reason));
      };
      worker.once('message', (answer: PrepareAnswer) => {
        end();
        resolve(takePieces(answer, own).finally(() => own.close()));
      });
      worker.once('error', (err) => fail(`it could not be checked: ${describe(err, megabytes)}`));
      worker.once('exit', (code) => fail(`it could not be checked: the thread ended with ${code}`));
    });
}

/** They wait in the port, since the thread sent them before its answer; each is read when it is taken. */
async function takePieces({ examined, pieces }: PrepareAnswer, port: MessagePort): Promise<ExaminedTree> {
  const { parts, problems } = examined;
  if (!parts) return examined;
  const taken: TreePiece[] = [];
  for (let i = 0; i < pieces; i++) {
    const received = receiveMessageOnPort(port) as { readonly message: TreePiece } | undefined;
    if (!received) throw new Error('it could not be checked: a part of it was lost');
    taken.push(received.message);
    await nextTurnOfLoop();
  }
  return { parts: { ...parts, raw: joinPieces(parts.raw, taken) }, problems };
}

function describe(err: Error, megabytes: number): string {
  if ('code' in err && err.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `it needs more than ${megabytes} MB; split the tree`;
  return err.message;
}
