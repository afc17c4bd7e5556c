import type { NodeGraph } from '../core/graph.ts'
import type { Manifest } from '../core/manifest.ts'
import { type Node, type NodeId, type Relation, relationsOf } from '../core/node.ts'

/** What a node is made from. */
export interface NodeReads {
  /** The nodes of the run. */
  readonly inside: readonly NodeId[]
  /** Relations that the run does not build. */
  readonly outside: readonly Relation[]
}

/**
 * What a node of a run reads, directly or through ephemeral models: what the run makes, and relations that stand
 * already. A unit test reads what its model reads, for the types.
 */
export function readsOf(
  node: Node,
  { nodes }: Pick<Manifest, 'nodes'>,
  graph: NodeGraph,
  chosen: ReadonlySet<NodeId>,
): NodeReads {
  const inside = new Set<NodeId>()
  const outside: Relation[] = []
  const seen = new Set<NodeId>()
  const visit = (id: NodeId): void => {
    for (const parent of graph.parents(id)) {
      if (seen.has(parent)) continue
      seen.add(parent)
      if (chosen.has(parent)) {
        inside.add(parent)
        continue
      }
      const relations = relationsOf(nodes[parent]!)
      // The table of a source or job may be what a load or job of this run fills.
      const isFilled =
        ['source', 'job_table'].includes(nodes[parent]!.resourceType) && graph.parents(parent).some(isChosen)
      if (relations.length > 0 && !isFilled) outside.push(...relations)
      else visit(parent)
    }
  }
  const isChosen = (id: NodeId): boolean => chosen.has(id)
  visit(node.resourceType === 'unit_test' ? node.modelId : node.id)
  return { inside: [...inside], outside }
}
