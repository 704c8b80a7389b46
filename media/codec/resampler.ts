/** Rates that the resampler converts from, and to. */
const resamplerInputRatesHz: readonly number[] = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const resamplerOutputRatesHz: readonly number[] = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000];

/** Zero crossings of the sinc on each side: 48 taps at the lower rate, enough for 70 dB between 3.4 and 4.2 kHz. */
const zeroCrossings = 24;
/** Kaiser's shape for 70 dB of stop-band attenuation: 0.1102 (A - 8.7). */
const kaiserBeta = 6.76;
/** The -6 dB point as a part of the lower Nyquist frequency; the transition band lies around it. */
const cutoff = 0.945;

/** Modified Bessel function of the first kind, order zero, by its power series. */
function bessel0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

interface FilterBank {
  /** Output samples per `down` input samples. */
  readonly up: number;
  readonly down: number;
  readonly taps: number;
  /** `up` filters of `taps` coefficients each, one after another. */
  readonly coefficients: Float64Array;
}

function windowedSinc(distance: number, halfWidth: number, bandwidth: number): number {
  const position = distance / halfWidth;
  if (Math.abs(position) >= 1) return 0;
  const angle = Math.PI * bandwidth * distance;
  const sinc = Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle;
  return (sinc * bessel0(kaiserBeta * Math.sqrt(1 - position * position))) / bessel0(kaiserBeta);
}

function designFilterBank(inputRateHz: number, outputRateHz: number): FilterBank {
  const divisor = greatestCommonDivisor(inputRateHz, outputRateHz);
  const up = outputRateHz / divisor;
  const down = inputRateHz / divisor;
  // Going down, the filter must stop at the output's Nyquist frequency, so it grows longer by the ratio.
  const stretch = Math.max(1, down / up);
  const halfWidth = Math.ceil(zeroCrossings * stretch);
  const taps = 2 * halfWidth;
  const coefficients = new Float64Array(up * taps);
  for (let phase = 0; phase < up; phase++) {
    let gain = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - (halfWidth - 1) - phase / up;
      const value = windowedSinc(distance, halfWidth, cutoff / stretch);
      coefficients[phase * taps + tap] = value;
      gain += value;
    }
    // Every phase passes DC with gain 1; otherwise a constant would come out with a whistle at the phase rate.
    for (let tap = 0; tap < taps; tap++) {
      const at = phase * taps + tap;
      coefficients[at] = (coefficients[at] as number) / gain;
    }
  }
  return { up, down, taps, coefficients };
}

const banks = new Map<string, FilterBank>();

function filterBank(inputRateHz: number, outputRateHz: number): FilterBank {
  const key = `${inputRateHz}>${outputRateHz}`;
  let bank = banks.get(key);
  if (!bank) {
    bank = designFilterBank(inputRateHz, outputRateHz);
    banks.set(key, bank);
  }
  return bank;
}

function toInt16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}

/** Whether a pair of rates can be converted. */
export function canResample(inputRateHz: number, outputRateHz: number): boolean {
  return resamplerInputRatesHz.includes(inputRateHz) && resamplerOutputRatesHz.includes(outputRateHz);
}

/**
 * Converts the sample rate of a running signal with a polyphase FIR filter (windowed sinc, 70 dB).
 *
 * Output lags input by `delayMs`; `flush` gives the rest. Throws RangeError for rates outside the lists above: they
 * come from code or checked configuration, never from the network.
 */
export class Resampler {
  readonly #bank: FilterBank | null;
  readonly #inputRateHz: number;
  /** Input not used up yet, oldest first; it starts with silence so that output starts aligned with input. */
  #history: Float64Array;
  #held: number;
  #phase = 0;
  #output = new Int16Array(0);

  constructor(inputRateHz: number, outputRateHz: number) {
    if (!canResample(inputRateHz, outputRateHz))
      throw new RangeError(`cannot resample ${inputRateHz} Hz to ${outputRateHz} Hz`);
    this.#inputRateHz = inputRateHz;
    this.#bank = inputRateHz === outputRateHz ? null : filterBank(inputRateHz, outputRateHz);
    this.#held = this.#bank ? this.#bank.taps / 2 - 1 : 0;
    this.#history = new Float64Array(this.#held + 1_024);
  }

  /** How long a sample stays inside before its output appears. */
  get delayMs(): number {
    return this.#bank ? (this.#bank.taps / 2 / this.#inputRateHz) * 1_000 : 0;
  }

  /** Takes samples and returns those that became ready: a view, valid until the next call. */
  process(samples: Int16Array): Int16Array {
    const bank = this.#bank;
    if (!bank) return samples;
    this.#append(samples);
    const room = Math.ceil((this.#held * bank.up) / bank.down) + 1;
    if (this.#output.length < room) this.#output = new Int16Array(room);
    const { taps, up, down, coefficients } = bank;
    const history = this.#history;
    let produced = 0;
    let start = 0;
    for (; start + taps <= this.#held; produced++) {
      let sum = 0;
      const row = this.#phase * taps;
      for (let tap = 0; tap < taps; tap++)
        sum += (history[start + tap] as number) * (coefficients[row + tap] as number);
      this.#output[produced] = toInt16(sum);
      this.#phase += down;
      while (this.#phase >= up) {
        this.#phase -= up;
        start++;
      }
    }
    history.copyWithin(0, start, this.#held);
    this.#held -= start;
    return this.#output.subarray(0, produced);
  }

  /** The tail after the last input, as if silence followed; the resampler can be thrown away then. */
  flush(): Int16Array {
    return this.#bank ? this.process(new Int16Array(this.#bank.taps / 2)) : new Int16Array(0);
  }

  #append(samples: Int16Array): void {
    const needed = this.#held + samples.length;
    if (needed > this.#history.length) {
      const grown = new Float64Array(needed * 2);
      grown.set(this.#history.subarray(0, this.#held));
      this.#history = grown;
    }
    this.#history.set(samples, this.#held);
    this.#held = needed;
  }
}

/** Converts a whole utterance; the result is as long as the input, rounded up, and aligned with it. */
export function resample(samples: Int16Array, inputRateHz: number, outputRateHz: number): Int16Array {
  if (inputRateHz === outputRateHz) return samples;
  const resampler = new Resampler(inputRateHz, outputRateHz);
  const length = Math.ceil((samples.length * outputRateHz) / inputRateHz);
  const output = new Int16Array(length);
  const body = resampler.process(samples).subarray(0, length);
  output.set(body);
  const tail = resampler.flush();
  output.set(tail.subarray(0, length - body.length), body.length);
  return output;
}
