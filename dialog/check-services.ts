import type { DialogTree } from './tree.js';
import { nearestName, type Report } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

/** A service that calls may name. */
export interface ServiceName {
  readonly name: string;
  readonly type: 'http' | 'grpc';
}

/** Every call names a service that is configured, and speaks as it does. */
export function checkServices(
  tree: DialogTree,
  raw: RawTree,
  services: readonly ServiceName[],
  report: Report,
): void {
  const types = new Map(services.map(({ name, type }) => [name, type]));
  for (const { id, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (node?.kind !== 'call') continue;
    const { service, operation } = node;
    const type = types.get(service);
    const at = [...path, 'call', operation.type];
    if (type === undefined) {
      const near = nearestName(service, types.keys());
      const fix = near ? `Write "${near}"` : `Add "${service}" under "services:" of the configuration`;
      report('error', at, `there is no service "${service}"`, fix);
    } else if (type !== operation.type)
      report('error', at, `"${service}" is a service of type ${type}`, `Write "${type}: ${service}"`);
  }
}
