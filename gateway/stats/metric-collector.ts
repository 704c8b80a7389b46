import { Counter, Gauge, type Registry } from 'prom-client';

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Registers metrics whose values are kept elsewhere and read at each scrape. */
export class MetricCollector {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  gauge(name: string, help: string, labelNames: readonly string[], samples: () => readonly Sample[]): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        clear(this, labelNames);
        for (const [labels, value] of usable(samples())) this.set(labels, value);
      },
    });
  }

  /** A counter whose total is kept elsewhere: prom-client only adds, so that it is started again at each scrape. */
  counter(name: string, help: string, labelNames: readonly string[], samples: () => readonly Sample[]): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        clear(this, labelNames);
        for (const [labels, value] of usable(samples())) this.inc(labels, value);
      },
    });
  }
}

/** A sample without labels, where there is a reading. */
export function only<T>(reading: T | null | undefined, pick: (reading: T) => number): readonly Sample[] {
  return reading === undefined || reading === null ? [] : [[{}, pick(reading)]];
}

/** Without labels `reset` leaves a zero behind, which would say that a part which gave no reading stands at 0. */
function clear(metric: Pick<Gauge, 'reset' | 'remove'>, labelNames: readonly string[]): void {
  metric.reset();
  if (labelNames.length === 0) metric.remove();
}

/** A reading that is not a number must not cost the page. */
function usable(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(([, value]) => Number.isFinite(value) && value >= 0);
}
