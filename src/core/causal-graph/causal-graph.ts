/*
 * A causal diagram: a directed acyclic graph over variables, some of which nobody observes. Two variables with a common
 * cause that has no name of its own are joined by a bidirected edge, which stands for such a cause.
 */

export interface CausalEdge {
  readonly from: string
  readonly to: string
}

export interface CausalGraph {
  /** In the order of first mention. */
  readonly nodes: readonly string[]
  readonly edges: readonly CausalEdge[]
  readonly unobserved: ReadonlySet<string>
  readonly parents: ReadonlyMap<string, readonly string[]>
  readonly children: ReadonlyMap<string, readonly string[]>
}

export interface GraphFault {
  readonly kind: 'cycle' | 'self_loop' | 'double_edge' | 'unknown_node'
  /** The nodes concerned; of a cycle in order, the first one again at the end. */
  readonly nodes: readonly string[]
}

/** A graph from its edges; nodes without edges are named in `nodes`. Faults come back instead of a graph. */
export function makeCausalGraph(
  edges: readonly CausalEdge[],
  { nodes = [], unobserved = [] }: { nodes?: readonly string[]; unobserved?: readonly string[] } = {},
): CausalGraph | { readonly faults: readonly GraphFault[] } {
  const names = [...new Set([...nodes, ...edges.flatMap(({ from, to }) => [from, to])])]
  const graph = link(names, edges, new Set(unobserved))
  const faults = [
    ...edges.filter(({ from, to }) => from === to).map(({ from }) => fault('self_loop', [from])),
    ...doubled(edges).map(({ from, to }) => fault('double_edge', [from, to])),
    ...unobserved.filter((name) => !names.includes(name)).map((name) => fault('unknown_node', [name])),
  ]
  const cycle = faults.length === 0 ? findCycle(graph) : undefined
  if (cycle) faults.push(fault('cycle', cycle))
  return faults.length > 0 ? { faults } : graph
}

function fault(kind: GraphFault['kind'], nodes: readonly string[]): GraphFault {
  return { kind, nodes }
}

function doubled(edges: readonly CausalEdge[]): CausalEdge[] {
  const same = (a: CausalEdge, b: CausalEdge): boolean => a.from === b.from && a.to === b.to
  return edges.filter((edge, index) => edges.findIndex((other) => same(other, edge)) < index)
}

function link(
  nodes: readonly string[],
  edges: readonly CausalEdge[],
  unobserved: ReadonlySet<string>,
): CausalGraph {
  const parents = new Map<string, string[]>(nodes.map((node) => [node, []]))
  const children = new Map<string, string[]>(nodes.map((node) => [node, []]))
  for (const { from, to } of edges) {
    parents.get(to)!.push(from)
    children.get(from)!.push(to)
  }
  return { nodes, edges, unobserved, parents, children }
}

/** The same graph without some of its edges. */
export function withoutEdges(graph: CausalGraph, removed: (edge: CausalEdge) => boolean): CausalGraph {
  return link(
    graph.nodes,
    graph.edges.filter((edge) => !removed(edge)),
    graph.unobserved,
  )
}

function findCycle({ nodes, children }: CausalGraph): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  function visit(node: string): string[] | undefined {
    if (state.get(node) === 'done') return undefined
    if (state.get(node) === 'open') return [...path.slice(path.indexOf(node)), node]
    state.set(node, 'open')
    path.push(node)
    for (const child of children.get(node)!) {
      const found = visit(child)
      if (found) return found
    }
    path.pop()
    state.set(node, 'done')
    return undefined
  }
  for (const node of nodes) {
    const found = visit(node)
    if (found) return found
  }
  return undefined
}

/** The nodes and all that lead to them. */
export function ancestorsOf({ parents }: CausalGraph, nodes: Iterable<string>): Set<string> {
  return reach(parents, nodes)
}

/** The nodes and all that they lead to. */
export function descendantsOf({ children }: CausalGraph, nodes: Iterable<string>): Set<string> {
  return reach(children, nodes)
}

function reach(next: ReadonlyMap<string, readonly string[]>, from: Iterable<string>): Set<string> {
  const found = new Set(from)
  for (const node of found) for (const other of next.get(node) ?? []) found.add(other)
  return found
}

/** Nodes on a directed path from one node to another, both ends with them; empty where there is none. */
export function onDirectedPaths(graph: CausalGraph, from: string, to: string): Set<string> {
  const before = ancestorsOf(graph, [to])
  return new Set([...descendantsOf(graph, [from])].filter((node) => before.has(node)))
}
