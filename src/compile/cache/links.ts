import type { NodeId } from '../../core/node.ts'
import type { CachedProject, NodeChanges } from './cached-nodes.ts'

/*
 * Which node depends on which, now and before.
 */

export interface Links {
  /** Nodes in whose SQL a changed ephemeral model is written, through others if need be. */
  readonly ephemeralReaders: () => ReadonlySet<NodeId>
  /** Nodes that have other parents or children than before. */
  readonly relinked: () => ReadonlySet<NodeId>
  /** Whether a new dependency leads back to the node that has it. */
  readonly hasCycle: () => boolean
  readonly parentsOf: (id: NodeId) => readonly NodeId[]
  readonly childrenOf: (id: NodeId) => readonly NodeId[]
}

/** Compares the links of a kept project with what they are after some changes. */
export function makeLinks(
  { index }: CachedProject,
  numbers: ReadonlyMap<NodeId, number>,
  { changed, ids }: NodeChanges,
): Links {
  const there = new Set(ids)
  const before = (id: NodeId): readonly NodeId[] =>
    (index.parents[numbers.get(id) ?? -1] ?? []).map((number) => index.ids[number]!)
  const now = (id: NodeId): readonly NodeId[] =>
    changed.get(id)?.dependsOn.filter((parent) => there.has(parent)) ?? before(id)
  const touched = [...changed.keys(), ...(ids === index.ids ? [] : index.ids.filter((id) => !there.has(id)))]

  const parentsOf = (id: NodeId): readonly NodeId[] => [...new Set(now(id))]
  let children: ReadonlyMap<NodeId, NodeId[]> | undefined
  const childrenOf = (id: NodeId): readonly NodeId[] => {
    children ??= childrenOfAll(ids, parentsOf)
    return children.get(id) ?? []
  }

  const relinked = (): ReadonlySet<NodeId> => {
    const links = touched.map((id) => {
      const [old, own] = [new Set(before(id)), new Set(there.has(id) ? now(id) : [])]
      const others = [...old, ...own].filter((parent) => old.has(parent) !== own.has(parent))
      return others.length === 0 && numbers.has(id) && there.has(id) ? [] : [id, ...others]
    })
    return new Set(links.flat())
  }

  const hasCycle = (): boolean =>
    [...changed.keys()].some((id) => {
      const old = new Set(before(id))
      const reached = new Set(now(id).filter((parent) => !old.has(parent)))
      for (const parent of reached) for (const next of now(parent)) reached.add(next)
      return reached.has(id)
    })

  const ephemeralReaders = (): ReadonlySet<NodeId> => {
    const standIns = new Set(index.ephemeral.map(([, number]) => index.ids[number]!))
    const reached = new Set([...changed.keys()].filter((id) => standIns.has(id)))
    const readers = new Set<NodeId>()
    for (const id of reached)
      for (const child of childrenOf(id)) {
        readers.add(child)
        if (standIns.has(child)) reached.add(child)
      }
    return readers
  }
  return { ephemeralReaders, relinked, hasCycle, parentsOf, childrenOf }
}

function childrenOfAll(
  ids: readonly NodeId[],
  parentsOf: (id: NodeId) => readonly NodeId[],
): ReadonlyMap<NodeId, NodeId[]> {
  const children = new Map<NodeId, NodeId[]>()
  for (const id of ids)
    for (const parent of parentsOf(id)) {
      const known = children.get(parent)
      if (known) known.push(id)
      else children.set(parent, [id])
    }
  return children
}
