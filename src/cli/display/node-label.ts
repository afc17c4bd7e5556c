import { type Node, relationKey, relationOf } from '../../core/node.ts'

/** How a node is named on a status line. */
export interface NodeLabel {
  /** table, view, incremental, seed, load, test, job. */
  readonly kind: string
  /** The relation that the node fills, or its name where it fills none or several. */
  readonly name: string
}

/** The kind and name by which people know a node. */
export function labelOf(node: Node): NodeLabel {
  const relation = relationOf(node)
  return {
    kind: node.resourceType === 'model' ? node.materialized : node.resourceType,
    name: relation ? relationKey(relation) : node.name,
  }
}

/** The label of a node that may be missing from the manifest. */
export function labelById(nodes: Readonly<Record<string, Node>>, id: string): NodeLabel {
  const node = nodes[id]
  return node ? labelOf(node) : { kind: id.split('.')[0] ?? '', name: id }
}
