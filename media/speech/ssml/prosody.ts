/** Slowest and fastest that `SynthesisRequest` takes; pitch has the same bounds, volume goes down to 0. */
const least = 0.25;
const most = 4;

const rates: Readonly<Record<string, number>> = {
  'x-slow': 0.5,
  slow: 0.75,
  medium: 1,
  default: 1,
  fast: 1.25,
  'x-fast': 1.75,
};
const pitches: Readonly<Record<string, number>> = {
  'x-low': 0.6,
  low: 0.8,
  medium: 1,
  default: 1,
  high: 1.25,
  'x-high': 1.6,
};
const volumes: Readonly<Record<string, number>> = {
  silent: 0,
  'x-soft': 0.3,
  soft: 0.6,
  medium: 1,
  default: 1,
  loud: 1.5,
  'x-loud': 2,
};

/**
 * Speed of a `rate` attribute or Prosody-Rate header (SSML 1.1 3.2.4, RFC 6787 8.4.7): a label, `+10%`, `80%` (of
 * normal) or a factor like `1.2`. Result 0.25 to 4 with 1 as normal; null where it cannot be understood.
 */
export function prosodyRate(text: string): number | null {
  return clamp(label(rates, text) ?? percentage(text) ?? plainNumber(text), least);
}

/** Pitch factor of a label, `+10%` or `+2st` (semitones); null for absolute hertz, which no factor can say. */
export function prosodyPitch(text: string): number | null {
  const semitones = /^([+-]\d+(?:\.\d+)?)st$/i.exec(text.trim())?.[1];
  const factor = semitones === undefined ? null : 2 ** (Number(semitones) / 12);
  return clamp(label(pitches, text) ?? factor ?? percentage(text), least);
}

/** Volume factor of a label, `+6dB`, `+10%`, or a number on SSML 1.0's scale of 0 to 100 (100 is normal). */
export function prosodyVolume(text: string): number | null {
  const decibels = /^([+-]\d+(?:\.\d+)?)dB$/i.exec(text.trim())?.[1];
  if (decibels !== undefined) return clamp(10 ** (Number(decibels) / 20), 0);
  const change = /^[+-]\d+(?:\.\d+)?$/.test(text.trim()) ? 1 + Number(text) / 100 : null;
  const level = plainNumber(text);
  return clamp(
    label(volumes, text) ?? percentage(text) ?? change ?? (level === null ? null : level / 100),
    0,
  );
}

function label(labels: Readonly<Record<string, number>>, text: string): number | null {
  const name = text.trim().toLowerCase();
  return Object.hasOwn(labels, name) ? (labels[name] ?? null) : null;
}

/** With a sign it is a change, without one the share itself. */
function percentage(text: string): number | null {
  const match = /^([+-]?)(\d+(?:\.\d+)?)%$/.exec(text.trim());
  if (match === null) return null;
  const [, sign, value] = match;
  const share = Number(value) / 100;
  return sign === '' ? share : sign === '+' ? 1 + share : 1 - share;
}

function plainNumber(text: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}

function clamp(value: number | null, lowest: number): number | null {
  return value === null ? null : Math.min(most, Math.max(lowest, value));
}
