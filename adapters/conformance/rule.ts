/** One rule of an interface: `check` gives a sentence for each breach, none when the engine keeps it. */
export interface Rule<Fixture> {
  readonly name: string;
  check(fixture: Fixture): Promise<readonly string[]>;
}

/** The claims that do not hold. */
export function breaches(...claims: readonly (readonly [string, boolean])[]): readonly string[] {
  return claims.filter(([, holds]) => !holds).map(([claim]) => claim);
}

/** What every fixture needs to let time pass: real for engines, `FakeClock.advance` for fakes. */
export interface TimeKeeper {
  wait(ms: number): Promise<void>;
  /** How long a correct engine may take to answer. */
  readonly patienceMs: number;
  /** How long to listen for call-backs that must not come. */
  readonly quietMs: number;
}

/** Waits until `done` says so; false when the fixture's patience ends first. */
export async function waitFor(time: TimeKeeper, done: () => boolean): Promise<boolean> {
  const stepMs = 10;
  for (let waitedMs = 0; waitedMs < time.patienceMs; waitedMs += stepMs) {
    if (done()) return true;
    await time.wait(stepMs);
  }
  return done();
}

/** The names of the rules that `createFixture`'s engine breaks; each rule gets a fresh fixture. */
export async function brokenRules<Fixture extends { close(): Promise<void> }>(
  rules: readonly Rule<Fixture>[],
  createFixture: () => Promise<Fixture> | Fixture,
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const rule of rules) {
    const fixture = await createFixture();
    try {
      if ((await rule.check(fixture)).length > 0) broken.push(rule.name);
    } finally {
      await fixture.close();
    }
  }
  return broken;
}
