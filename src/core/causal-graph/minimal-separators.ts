import { ancestorsOf, type CausalGraph } from './causal-graph.ts'

/** More sets than anybody reads, and few enough to list in no time. */
const mostSets = 1000

export interface SeparatorList {
  /** Smallest first, then by the names. */
  readonly sets: readonly (readonly string[])[]
  /** Whether there are more than were listed. */
  readonly isCut: boolean
}

/**
 * All minimal sets of allowed nodes that separate two nodes: none of their parts does.
 *
 * A minimal separator lies among the ancestors of the two nodes, and is a minimal vertex separator of their moral
 * graph (van der Zander, Liśkiewicz, Textor 2019, "Separators and adjustment sets in causal graphs", props. 2 and 3).
 * Nodes that may not be in it are taken out, their neighbours joined. The separators are listed by letting the side of
 * `from` grow node by node, each in polynomial time (Shen, Liang 1997). Empty when the two cannot be separated.
 */
export function minimalSeparators(
  graph: CausalGraph,
  from: string,
  to: string,
  allowed: ReadonlySet<string>,
): SeparatorList {
  const neighbours = moralGraph(graph, from, to, allowed)
  if (neighbours.get(from)!.has(to)) return { sets: [], isCut: false }
  const found = new Map<string, readonly string[]>()
  const queue: Set<string>[] = []
  const note = (side: ReadonlySet<string>): void => {
    const separator = closeSeparator(neighbours, side, to)
    const sorted = [...separator].toSorted()
    const key = JSON.stringify(sorted)
    if (found.has(key) || found.size >= mostSets) return
    found.set(key, sorted)
    queue.push(separator)
  }
  note(new Set([from]))
  let isCut = false
  for (const separator of queue) {
    const side = component(neighbours, from, separator)
    for (const node of separator) {
      if (neighbours.get(node)!.has(to)) continue
      if (found.size >= mostSets) isCut = true
      note(new Set([...side, node]))
    }
  }
  return { sets: [...found.values()].toSorted(bySizeThenNames), isCut }
}

export function bySizeThenNames(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [a.join('\0'), b.join('\0')]
  return a.length - b.length || (left < right ? -1 : left > right ? 1 : 0)
}

type Neighbours = Map<string, Set<string>>

/** Ancestors of the two nodes, parents of a common child joined, nodes that are not allowed taken out. */
function moralGraph(graph: CausalGraph, from: string, to: string, allowed: ReadonlySet<string>): Neighbours {
  const nodes = ancestorsOf(graph, [from, to])
  const neighbours: Neighbours = new Map([...nodes].map((node) => [node, new Set()]))
  for (const node of nodes) {
    const family = [node, ...graph.parents.get(node)!]
    joinAll(neighbours, family)
  }
  for (const node of nodes)
    if (node !== from && node !== to && !allowed.has(node)) {
      const around = [...neighbours.get(node)!]
      for (const other of around) neighbours.get(other)!.delete(node)
      neighbours.delete(node)
      joinAll(neighbours, around)
    }
  return neighbours
}

function joinAll(neighbours: Neighbours, nodes: readonly string[]): void {
  for (const a of nodes) for (const b of nodes) if (a !== b) neighbours.get(a)!.add(b)
}

/** What is around the part in which `to` lies once `side` and its neighbours are gone. */
function closeSeparator(neighbours: Neighbours, side: ReadonlySet<string>, to: string): Set<string> {
  const around = new Set<string>(side)
  for (const node of side) for (const other of neighbours.get(node)!) around.add(other)
  return boundary(neighbours, component(neighbours, to, around))
}

function component(neighbours: Neighbours, from: string, without: ReadonlySet<string>): Set<string> {
  const found = new Set([from])
  for (const node of found)
    for (const other of neighbours.get(node)!) if (!without.has(other)) found.add(other)
  return found
}

function boundary(neighbours: Neighbours, part: ReadonlySet<string>): Set<string> {
  const found = new Set<string>()
  for (const node of part) for (const other of neighbours.get(node)!) if (!part.has(other)) found.add(other)
  return found
}
