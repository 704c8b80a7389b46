import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { ReceiveBuffer } from './receive-buffer.js';

/** Lines of random length, LF and CRLF ended, in random chunks: what the buffer gives must be what went in. */
function roundTrip(random: SeededRandom): void {
  const lines = Array.from({ length: 30 }, () =>
    'x'.repeat(random.integer(random.integer(10) === 0 ? 3_000 : 90)),
  );
  const stream = Buffer.from(lines.map((line) => line + (random.integer(2) === 0 ? '\n' : '\r\n')).join(''));
  const buffer = new ReceiveBuffer();
  const read: string[] = [];
  let octets = 0;
  for (let at = 0; at < stream.length;) {
    const chunk = stream.subarray(at, at + 1 + random.integer(400));
    at += chunk.length;
    buffer.append(chunk);
    for (let line = buffer.takeLine(); line; line = buffer.takeLine()) {
      read.push(line.text);
      octets += line.octets;
    }
    expect(buffer.length).toBe(at - octets);
    buffer.compact();
  }
  expect(read).toEqual(lines);
}

describe('receive buffer', () => {
  it('gives back every line, however the stream is cut and the block grows', () => {
    const random = new SeededRandom(30);
    for (let round = 0; round < 200; round++) roundTrip(random);
  });

  it('gives bodies between lines, as copies', () => {
    const buffer = new ReceiveBuffer();
    buffer.append(Buffer.from('head\r\nbo'));
    expect(buffer.takeLine()).toEqual({ text: 'head', octets: 6 });
    buffer.append(Buffer.from('dy\nnext\n'));
    const body = buffer.takeBytes(5);
    buffer.clear();
    buffer.append(Buffer.alloc(64));
    expect(body.toString()).toBe('body\n');
  });
});
