import type { NodeBeat, NodeIdentity } from '../../gateway/ports/session-log.js';

/** Which nodes live, for a `MemorySessionLog`; holds none that has stopped beating after the next beat. */
export class MemoryNodes {
  readonly #nodes = new Map<string, { readonly beat: NodeBeat; readonly untilMs: number }>();

  beat(
    { nodeId, incarnation, state, address }: NodeBeat,
    leaseMs: number,
    nowMs: number,
  ): readonly NodeBeat[] {
    this.#nodes.set(nodeId, { beat: { nodeId, incarnation, state, address }, untilMs: nowMs + leaseMs });
    for (const [id, { untilMs }] of this.#nodes) if (untilMs <= nowMs) this.#nodes.delete(id);
    return [...this.#nodes.values()].map(({ beat }) => beat).sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  retire(node: NodeIdentity): void {
    if (this.#nodes.get(node.nodeId)?.beat.incarnation === node.incarnation) this.#nodes.delete(node.nodeId);
  }

  lives(node: NodeIdentity | null, nowMs: number): boolean {
    const found = node && this.#nodes.get(node.nodeId);
    return found?.beat.incarnation === node?.incarnation && (found?.untilMs ?? 0) > nowMs;
  }
}
