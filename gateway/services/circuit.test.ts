import { expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { Circuit, type CircuitEnd } from './circuit.js';

function fixture() {
  const clock = new FakeClock();
  const circuit = new Circuit({ failures: 3, openMs: 1_000 }, clock);
  const attempt = (end: CircuitEnd): void => {
    const ticket = circuit.admit();
    if (ticket === null) throw new Error('not admitted');
    circuit.end(ticket, end);
  };
  const open = (): void => ['failure', 'failure', 'failure'].forEach(() => attempt('failure'));
  return { attempt, circuit, clock, open };
}

test('failures in a row open it; a success between them starts the count again', () => {
  const { attempt, circuit } = fixture();
  (['failure', 'failure', 'success', 'failure', 'none', 'failure'] as const).forEach(attempt);
  expect(circuit.state).toBe('closed');
  attempt('failure');
  expect(circuit.state).toBe('open');
  expect(circuit.admit()).toBeNull();
});

test('after openMs one attempt at a time is admitted, and its success closes it', () => {
  const { circuit, clock, open } = fixture();
  open();
  clock.advance(999);
  expect(circuit.refuses).toBe(true);
  clock.advance(1);
  expect(circuit.state).toBe('half-open');
  const ticket = circuit.admit();
  expect(circuit.admit()).toBeNull();
  circuit.end(ticket ?? -1, 'success');
  expect(circuit.state).toBe('closed');
  expect(circuit.admit()).not.toBeNull();
  expect(circuit.admit()).not.toBeNull();
});

test('a failure when half-open opens it again for openMs', () => {
  const { attempt, circuit, clock, open } = fixture();
  open();
  clock.advance(1_000);
  attempt('failure');
  expect(circuit.state).toBe('open');
  clock.advance(999);
  expect(circuit.state).toBe('open');
  clock.advance(1);
  expect(circuit.state).toBe('half-open');
});

test('a try that was given up makes room for the next one', () => {
  const { attempt, circuit, clock, open } = fixture();
  open();
  clock.advance(1_000);
  attempt('none');
  expect(circuit.state).toBe('half-open');
  expect(circuit.admit()).not.toBeNull();
});

test.each(['success', 'failure', 'none'] as const)(
  'a late %s of an attempt from before it opened changes nothing',
  (end) => {
    const { circuit, clock, open } = fixture();
    const early = circuit.admit() ?? -1;
    open();
    circuit.end(early, end);
    expect(circuit.state).toBe('open');
    clock.advance(1_000);
    expect(circuit.admit()).not.toBeNull();
    circuit.end(early, end);
    expect(circuit.state).toBe('half-open');
    expect(circuit.admit()).toBeNull();
  },
);
