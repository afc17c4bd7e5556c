import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'

/*
 * Under which id a node stands in the artifacts. Jobs and loads are models there, and tools take the kind of a
 * node from the beginning of its id as often as from its resource_type.
 */

/** The id of every node of the manifest in dbt's artifacts. */
export function artifactIds({ nodes }: Pick<Manifest, 'nodes'>): ReadonlyMap<NodeId, string> {
  const taken = new Set(Object.keys(nodes))
  const idOf = (node: Node): string => {
    let id = wishedId(node)
    // A model may already be called what a load is called here; neither may hide the other.
    while (id !== node.id && taken.has(id)) id += '_'
    taken.add(id)
    return id
  }
  return new Map(Object.values(nodes).map((node) => [node.id, idOf(node)]))
}

function wishedId(node: Node): string {
  switch (node.resourceType) {
    case 'job':
      return `model.${node.package}.${node.name}`
    case 'load':
      return `model.${node.package}.load__${node.name}`
    default:
      return node.id
  }
}

/** The name of a node in the artifacts: the last part of its id there, except for sources and tests. */
export function artifactName(node: Node, id: string): string {
  return node.resourceType === 'load' ? id.slice(`model.${node.package}.`.length) : node.name
}
