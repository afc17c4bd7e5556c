import { alg, Graph } from '@dagrejs/graphlib'
import type { Manifest } from './manifest.ts'
import type { NodeId } from './node.ts'

/*
 * The graph of a manifest: which node needs which. Everything asked of it comes back in one order, in which
 * each node stands after those it depends on and equals stand by id, so that runs and listings are repeatable.
 */
export interface NodeGraph {
  has(id: NodeId): boolean
  /** Every node, parents before children. A cycle's nodes stand at the end. */
  topologicalOrder(): readonly NodeId[]
  /** What the node depends on directly. */
  parents(id: NodeId): readonly NodeId[]
  /** What depends on the node directly. */
  children(id: NodeId): readonly NodeId[]
  /** What the nodes depend on, up to `depth` steps away; without the nodes, unless one needs another. */
  ancestors(of: NodeId | Iterable<NodeId>, depth?: number): Set<NodeId>
  /** What depends on the nodes, up to `depth` steps away; without the nodes, unless one needs another. */
  descendants(of: NodeId | Iterable<NodeId>, depth?: number): Set<NodeId>
  /** The ids in graph order. */
  sorted(ids: Iterable<NodeId>): NodeId[]
}

/** Graphs by the nodes they are of, which never change: one command asks for the same graph several times. */
const graphs = new WeakMap<Manifest['nodes'], NodeGraph>()

/** The graph of a manifest's nodes; a dependency on a node that is not there is left out. */
export function makeGraph({ nodes }: Pick<Manifest, 'nodes'>): NodeGraph {
  const known = graphs.get(nodes)
  if (known) return known
  const graph = buildGraph(nodes)
  graphs.set(nodes, graph)
  return graph
}

function buildGraph(nodes: Manifest['nodes']): NodeGraph {
  const neighbours = neighboursIn(nodes)
  const parents = (id: NodeId) => neighbours.get(id)?.parents ?? []
  const children = (id: NodeId) => neighbours.get(id)?.children ?? []
  const order = topologicalOrder([...neighbours.keys()], parents, children)
  return {
    has: (id) => neighbours.has(id),
    topologicalOrder: () => order,
    parents,
    children,
    ancestors: (of, depth) => reach(of, parents, depth),
    descendants: (of, depth) => reach(of, children, depth),
    sorted: (ids) => {
      const wanted = new Set(ids)
      return [...order.filter((id) => wanted.delete(id)), ...wanted]
    },
  }
}

/** A chain of nodes each of which depends on the next, ending in the node it began with; null without a cycle. */
export function findCycle(manifest: Pick<Manifest, 'nodes'>): readonly NodeId[] | null {
  const rest = cyclicNodes(makeGraph(manifest))
  if (rest.size === 0) return null
  const graph = dependenciesAmong(rest, manifest)
  const cycles = alg.tarjan(graph).filter(([id, ...others]) => others.length > 0 || graph.hasEdge(id!, id!))
  const start = cycles.flat().sort()[0]
  return start === undefined ? null : shortestWayBack(graph, start)
}

/** Who stands next to each node, by id. For tens of thousands of nodes graphlib takes five times as long. */
function neighboursIn(
  nodes: Manifest['nodes'],
): ReadonlyMap<NodeId, Record<'parents' | 'children', NodeId[]>> {
  const neighbours = new Map(
    Object.keys(nodes).map((id) => [
      id,
      { parents: [], children: [] } as Record<'parents' | 'children', NodeId[]>,
    ]),
  )
  for (const [id, own] of neighbours)
    for (const parent of new Set(nodes[id]!.dependsOn)) {
      if (!neighbours.has(parent)) continue
      own.parents.push(parent)
      neighbours.get(parent)!.children.push(id)
    }
  for (const { parents, children } of neighbours.values()) {
    if (parents.length > 1) parents.sort()
    if (children.length > 1) children.sort()
  }
  return neighbours
}

type Neighbours = (id: NodeId) => readonly NodeId[]

/** Level by level: first what depends on nothing, then what depends only on that, each level by id. */
function topologicalOrder(ids: readonly NodeId[], parents: Neighbours, children: Neighbours): NodeId[] {
  const waitingFor = new Map(ids.map((id) => [id, parents(id).length]))
  const order: NodeId[] = []
  let level = ids.filter((id) => waitingFor.get(id) === 0).sort()
  while (level.length > 0) {
    order.push(...level)
    const next: NodeId[] = []
    for (const child of level.flatMap(children)) {
      const left = waitingFor.get(child)! - 1
      waitingFor.set(child, left)
      if (left === 0) next.push(child)
    }
    level = next.sort()
  }
  return order.length === ids.length
    ? order
    : [...order, ...ids.filter((id) => waitingFor.get(id)! > 0).sort()]
}

function reach(start: NodeId | Iterable<NodeId>, neighbours: Neighbours, depth = Infinity): Set<NodeId> {
  const reached = new Set<NodeId>()
  let frontier = typeof start === 'string' ? [start] : start
  for (let step = 0; step < depth; step++) {
    const next: NodeId[] = []
    for (const id of frontier)
      for (const neighbour of neighbours(id))
        if (!reached.has(neighbour)) {
          reached.add(neighbour)
          next.push(neighbour)
        }
    if (next.length === 0) break
    frontier = next
  }
  return reached
}

/** The nodes that no topological order can place: those on a cycle and those behind one. */
function cyclicNodes(graph: NodeGraph): Set<NodeId> {
  const placed = new Set<NodeId>()
  const order = graph.topologicalOrder()
  for (const id of order) if (graph.parents(id).every((parent) => placed.has(parent))) placed.add(id)
  return new Set(order.filter((id) => !placed.has(id)))
}

/** The nodes as a graph whose edges lead from a node to what it depends on. */
function dependenciesAmong(ids: ReadonlySet<NodeId>, { nodes }: Pick<Manifest, 'nodes'>): Graph {
  const graph = new Graph()
  for (const id of ids) graph.setNode(id)
  for (const id of ids)
    for (const parent of nodes[id]!.dependsOn) if (ids.has(parent)) graph.setEdge(id, parent)
  return graph
}

/** The shortest chain from a node on a cycle along its dependencies back to itself; of several the first by ids. */
function shortestWayBack(graph: Graph, start: NodeId): NodeId[] {
  if (graph.hasEdge(start, start)) return [start, start]
  const paths = alg.dijkstra(graph, start)
  const distance = (id: NodeId): number => paths[id]!.distance
  const last = (graph.predecessors(start) ?? []).sort(
    (a, b) => distance(a) - distance(b) || (a < b ? -1 : 1),
  )[0]!
  const chain = [last]
  while (chain[0] !== start) chain.unshift(paths[chain[0]!]!.predecessor!)
  return [...chain, start]
}
