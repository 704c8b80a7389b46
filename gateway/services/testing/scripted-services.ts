import type { CallOutcome, CallSpec } from '../../../dialog/action.js';
import type { CallContext, ServiceCaller } from '../service-caller.js';

/** A call that a `ScriptedServices` was asked for. */
export interface AskedCall {
  readonly spec: CallSpec;
  readonly context: CallContext;
  readonly signal: AbortSignal;
  answer(outcome: CallOutcome): void;
  fail(err: Error): void;
}

/** Keeps calls until the test answers them; ignores abort, as a careless caller would. */
export class ScriptedServices implements ServiceCaller {
  readonly calls: AskedCall[] = [];

  call(spec: CallSpec, context: CallContext, signal: AbortSignal): Promise<CallOutcome> {
    return new Promise((resolve, reject) =>
      this.calls.push({ spec, context, signal, answer: resolve, fail: reject }),
    );
  }

  get last(): AskedCall {
    const call = this.calls.at(-1);
    if (!call) throw new Error('no service was called');
    return call;
  }
}
