import { projectPath } from '../../../config/paths.js';
import { loadService } from '../grpc/grpc-service.js';

/** The methods of `parley.similarity.v1.Similarity`. */
export function loadRankService(): ReturnType<typeof loadService> {
  const proto = projectPath('adapters', 'similarity', 'rank', 'proto', 'similarity.proto');
  return loadService(proto, 'parley.similarity.v1.Similarity');
}
