import { inspect } from 'node:util';

const mask = '[secret]';

/** A credential that cannot be printed by accident: text, JSON and `util.inspect` all show `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The credential itself, for the one place that sends or compares it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}

/** Replaces every occurrence of the credentials in `text`; very short ones are left, since they would hide ordinary words. */
export function maskSecrets(text: string, secrets: readonly Secret[]): string {
  let masked = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length >= 8 && masked.includes(value)) masked = masked.replaceAll(value, mask);
  }
  return masked;
}
