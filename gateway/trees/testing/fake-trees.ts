import type { TreeLease } from '../tree-shelf.js';
import { sha256Of, type Bot, type TreeVersion, type VersionRef } from '../tree-version.js';

/** A version around a tree that a test has made. */
export function versionOf(bot: Bot): TreeVersion {
  const { version } = bot.tree;
  const text = `${bot.id} ${version}`;
  return {
    ...bot,
    version,
    sha256: sha256Of(text),
    text,
    file: 'test.yaml',
    origin: 'configured',
    loadedAtMs: 0,
  };
}

/** Leases as `TreeLibrary` gives them, for a few bots of which the first is the default; counts what is held. */
export class FakeTrees {
  held = 0;
  readonly #versions: readonly TreeVersion[];

  constructor(...bots: readonly Bot[]) {
    this.#versions = bots.map(versionOf);
  }

  lease(id: string | null): TreeLease {
    const found = this.#versions.find((version) => version.id === id) ?? this.#versions[0];
    if (!found) throw new Error('there is no bot');
    return this.#hold(found);
  }

  leaseVersion(id: string, { sha256 }: VersionRef): Promise<TreeLease | null> {
    const found = this.#versions.find((version) => version.id === id && version.sha256 === sha256);
    return Promise.resolve(found ? this.#hold(found) : null);
  }

  #hold(version: TreeVersion): TreeLease {
    this.held++;
    return { version, release: () => this.held-- };
  }
}
