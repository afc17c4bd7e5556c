import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'

/*
 * Under which id a node stands in the artifacts. Jobs, their tables and loads are models there, and tools take the kind of a
 * node from the beginning of its id as often as from its resource_type.
 */

/** The id of every node of the manifest in dbt's artifacts. */
export function artifactIds(manifest: Pick<Manifest, 'nodes'>): ReadonlyMap<NodeId, string> {
  const renamed = renamedIds(manifest)
  return new Map(Object.keys(manifest.nodes).map((id) => [id, renamed.get(id) ?? id]))
}

/** The same of the few nodes whose id is another there: in a map of tens of thousands each look takes its time. */
export function renamedIds({ nodes }: Pick<Manifest, 'nodes'>): ReadonlyMap<NodeId, string> {
  const renamed = new Map<NodeId, string>()
  const given = new Set<string>()
  for (const node of Object.values(nodes)) {
    let id = wishedId(node)
    if (id === node.id) continue
    // A model may already be called what a load is called here; neither may hide the other.
    while (Object.hasOwn(nodes, id) || given.has(id)) id += '_'
    given.add(id)
    renamed.set(node.id, id)
  }
  return renamed
}

function wishedId(node: Node): string {
  switch (node.resourceType) {
    case 'job':
    case 'job_table':
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
