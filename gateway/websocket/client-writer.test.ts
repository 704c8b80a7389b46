import { beforeEach, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { ClientWriter } from './client-writer.js';
import { ConnectionCounters } from './connection-counters.js';
import { FakeSocket } from './testing/fake-socket.js';
import { TimerWheel } from './timer-wheel.js';

const bounds = { pauseBytes: 1_000, queueBytes: 4_000, stalledMs: 15_000, windowBytes: 300 };
const frame = (bytes: number, fill = 'x') => Buffer.alloc(bytes, fill);

let clock: FakeClock;
let socket: FakeSocket;
let counters: ConnectionCounters;
let writer: ClientWriter;
let drained: number;
let slow: string[];

beforeEach(() => {
  clock = new FakeClock();
  socket = new FakeSocket();
  counters = new ConnectionCounters();
  drained = 0;
  slow = [];
  const wheel = new TimerWheel(clock, 1_000);
  const events = { onDrained: () => drained++, onSlow: (reason: string) => slow.push(reason) };
  writer = new ClientWriter(socket, bounds, { clock, wheel, counters, cork: () => undefined }, events);
});

test('a socket that takes everything costs no timer and no queue', () => {
  for (let i = 0; i < 50; i++) writer.write(frame(200));
  expect([socket.sent.length, writer.bytes, writer.paused, clock.pendingTimers]).toEqual([50, 0, false, 0]);
  expect([counters.framesOut, counters.bytesOut]).toEqual([50, 10_000]);
});

test('the socket gets a window, the rest waits in order', () => {
  socket.stop();
  for (const fill of 'abcdef') writer.write(frame(100, fill));
  expect(
    socket.sent
      .map(String)
      .map((text) => text[0])
      .join(''),
  ).toBe('abc');
  expect(writer.bytes).toBe(600);
  socket.take();
  expect(
    socket.sent
      .map(String)
      .map((text) => text[0])
      .join(''),
  ).toBe('abcdef');
  expect(writer.bytes).toBe(0);
});

test('from pauseBytes on it is paused, and says when it has drained to half', () => {
  socket.stop();
  for (let i = 0; i < 9; i++) writer.write(frame(100));
  expect(writer.paused).toBe(false);
  writer.write(frame(100));
  expect([writer.paused, counters.paused]).toEqual([true, 1]);
  socket.take(4);
  expect([writer.paused, drained]).toEqual([true, 0]);
  socket.take(1);
  expect([writer.paused, drained, counters.paused]).toEqual([false, 1, 0]);
});

test('signals are dropped at half of pauseBytes already', () => {
  socket.stop();
  for (let i = 0; i < 5; i++) writer.write(frame(100));
  writer.writeSignal(frame(10));
  expect([writer.bytes, counters.droppedSignals]).toEqual([500, 1]);
  socket.take(1);
  writer.writeSignal(frame(10));
  expect([writer.bytes, counters.droppedSignals]).toEqual([410, 1]);
});

test('more than queueBytes is too much, whatever it is', () => {
  socket.stop();
  for (let i = 0; i < 40; i++) writer.write(frame(100));
  expect(slow).toEqual([]);
  writer.write(frame(1));
  expect(slow).toEqual(['too much waits to be sent']);
  writer.write(frame(1));
  expect([slow.length, clock.pendingTimers, counters.paused]).toEqual([1, 0, 0]);
});

test('a client that takes nothing for stalledMs is slow', () => {
  socket.stop();
  writer.write(frame(10));
  clock.advance(14_999);
  expect(slow).toEqual([]);
  clock.advance(2_001);
  expect(slow).toEqual(['nothing was taken for too long']);
  expect(clock.pendingTimers).toBe(0);
});

test('a client is judged by progress, not by what waits: one that takes a little each time stays', () => {
  socket.stop();
  for (let i = 0; i < 30; i++) writer.write(frame(100));
  for (let minute = 0; minute < 10; minute++) {
    clock.advance(12_000);
    socket.take(1);
  }
  expect(slow).toEqual([]);
  clock.advance(17_000);
  expect(slow).toHaveLength(1);
});

test('time in which nothing waited is not held against it', () => {
  socket.stop();
  writer.write(frame(10));
  socket.take(1);
  clock.advance(14_000);
  writer.write(frame(10));
  clock.advance(14_000);
  expect(slow).toEqual([]);
  socket.take(1);
  clock.advance(60_000);
  expect([slow.length, clock.pendingTimers]).toEqual([0, 0]);
});

test('after close nothing is written, waits or counts', () => {
  socket.stop();
  for (let i = 0; i < 12; i++) writer.write(frame(100));
  writer.close();
  writer.close();
  socket.take();
  writer.write(frame(100));
  expect([socket.sent.length, drained, counters.paused, clock.pendingTimers]).toEqual([3, 0, 0, 0]);
});
