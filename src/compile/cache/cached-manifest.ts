import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import { allNodes, type CachedProject, type NodeChanges, nodesOnDemand } from './cached-nodes.ts'
import { fromKeptText } from './kept-text.ts'

/** The whole manifest of a kept project, after some changes. */
export function cachedManifest(
  cached: CachedProject,
  changes: NodeChanges,
  warnings: readonly Problem[],
): Manifest {
  return withNodes(cached, allNodes(cached, changes), warnings)
}

/** The same with nodes that are read when they are looked up, for work that looks at few of them. */
export function manifestOnDemand(
  cached: CachedProject,
  numbers: ReadonlyMap<NodeId, number>,
  changes: NodeChanges,
): Manifest {
  return withNodes(cached, nodesOnDemand(cached, numbers, changes), [])
}

function withNodes(
  { index, pieces }: CachedProject,
  nodes: Manifest['nodes'],
  warnings: readonly Problem[],
): Manifest {
  const rest = fromKeptText(pieces.read(index.rest)) as Omit<Manifest, 'nodes' | 'warnings'>
  return { ...rest, nodes, warnings }
}
