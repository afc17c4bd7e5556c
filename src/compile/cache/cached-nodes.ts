import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'
import type { CacheIndex, Pieces } from './cache-index.ts'
import { fromKeptText } from './kept-text.ts'

/** A compiled project as it is kept. */
export interface CachedProject {
  readonly index: CacheIndex
  readonly pieces: Pieces
}

/** What has become of the nodes since. */
export interface NodeChanges {
  /** Nodes that are new or not what they were. */
  readonly changed: ReadonlyMap<NodeId, Node>
  /** All nodes that there are, in the order of the manifest. */
  readonly ids: readonly NodeId[]
}

/** The number of each node. */
export function numbersById({ ids }: Pick<CacheIndex, 'ids'>): ReadonlyMap<NodeId, number> {
  return new Map(ids.map((id, number) => [id, number]))
}

/** Reads one node. */
export function cachedNode({ index, pieces }: CachedProject, number: number): Node {
  return fromKeptText(pieces.read(index.nodes[number]!)) as Node
}

/** The nodes, each read when it is looked up: for work that looks at few of them. */
export function nodesOnDemand(
  cached: CachedProject,
  numbers: ReadonlyMap<NodeId, number>,
  { changed, ids }: NodeChanges,
): Manifest['nodes'] {
  const known = new Map(changed)
  const there = new Set(ids)
  const find = (id: NodeId): Node | undefined => {
    if (known.has(id)) return known.get(id)
    const number = there.has(id) ? numbers.get(id) : undefined
    if (number === undefined) return undefined
    const node = cachedNode(cached, number)
    known.set(id, node)
    return node
  }
  return new Proxy<Record<NodeId, Node>>(
    {},
    {
      get: (_, id) => (typeof id === 'string' ? find(id) : undefined),
      has: (_, id) => typeof id === 'string' && there.has(id),
      ownKeys: () => [...ids],
      getOwnPropertyDescriptor: (_, id) => {
        const value = typeof id === 'string' ? find(id) : undefined
        return value && { value, enumerable: true, configurable: true, writable: false }
      },
    },
  )
}

/** All nodes at once. */
export function allNodes({ index, pieces }: CachedProject, { changed, ids }: NodeChanges): Manifest['nodes'] {
  const nodes = fromKeptText(pieces.read(index.allNodes)) as Record<NodeId, Node>
  if (ids === index.ids) {
    for (const [id, node] of changed) nodes[id] = node
    return nodes
  }
  return Object.fromEntries(ids.map((id) => [id, changed.get(id) ?? nodes[id]!]))
}
