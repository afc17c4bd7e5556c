import type { CausalGraph } from '../../core/causal-graph/causal-graph.ts'

/*
 * Where the nodes of a causal graph stand when it is drawn: causes on the left of their effects, in columns; within a
 * column so that few arrows cross. Source: Sugiyama, Tagawa, Toda (1981).
 */

/** A node, or a point on the way of an arrow that passes a column. */
export interface LaidOut {
  readonly name: string
  readonly column: number
  readonly row: number
}

export interface GraphLayout {
  readonly columns: number
  /** Rows of the fullest column. */
  readonly rows: number
  readonly nodes: readonly LaidOut[]
  /** Each arrow with the points that it goes through, both ends among them. */
  readonly arrows: readonly {
    readonly from: string
    readonly to: string
    readonly points: readonly LaidOut[]
  }[]
}

const sweeps = 8

/** Lays out a graph. */
export function layoutGraph({ nodes, edges, parents, children }: CausalGraph): GraphLayout {
  const columnOf = columnsOf(nodes, parents, children)
  const layers: string[][] = []
  const neighbours = new Map<string, { before: string[]; after: string[] }>()
  const add = (name: string, column: number): void => {
    layers[column] ??= []
    layers[column].push(name)
    neighbours.set(name, { before: [], after: [] })
  }
  for (const node of nodes) add(node, columnOf.get(node)!)
  const chains = edges.map(({ from, to }, index) => {
    const chain = [from]
    for (let column = columnOf.get(from)! + 1; column < columnOf.get(to)!; column++) {
      const name = `${index} ${column}`
      add(name, column)
      chain.push(name)
    }
    chain.push(to)
    for (const [place, name] of chain.entries()) {
      if (place === 0) continue
      neighbours.get(name)!.before.push(chain[place - 1]!)
      neighbours.get(chain[place - 1]!)!.after.push(name)
    }
    return { from, to, chain }
  })
  orderLayers(layers, neighbours)
  const rows = Math.max(...layers.map(({ length }) => length))
  const places = new Map(
    layers.flatMap((layer, column) =>
      layer.map((name, place) => [name, { name, column, row: place + (rows - layer.length) / 2 }] as const),
    ),
  )
  return {
    columns: layers.length,
    rows,
    nodes: nodes.map((node) => places.get(node)!),
    arrows: chains.map(({ from, to, chain }) => ({
      from,
      to,
      points: chain.map((name) => places.get(name)!),
    })),
  }
}

/** A node stands after all its causes, and as close before its effects as that allows. */
function columnsOf(
  nodes: readonly string[],
  parents: CausalGraph['parents'],
  children: CausalGraph['children'],
): Map<string, number> {
  const column = new Map<string, number>()
  const place = (node: string): number => {
    const known = column.get(node)
    if (known !== undefined) return known
    const own = Math.max(-1, ...parents.get(node)!.map(place)) + 1
    column.set(node, own)
    return own
  }
  nodes.forEach(place)
  for (const node of nodes)
    if (parents.get(node)!.length === 0 && children.get(node)!.length > 0)
      column.set(node, Math.min(...children.get(node)!.map((child) => column.get(child)!)) - 1)
  return column
}

/** Each goes to the mean place of what it is joined with, from left to right and back. */
function orderLayers(
  layers: string[][],
  neighbours: ReadonlyMap<string, { readonly before: readonly string[]; readonly after: readonly string[] }>,
): void {
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const isForward = sweep % 2 === 0
    const order = layers.map((_, index) => index)
    for (const index of isForward ? order : order.reverse()) {
      const layer = layers[index]!
      const beside = layers[isForward ? index - 1 : index + 1]
      if (!beside) continue
      const place = new Map(beside.map((name, row) => [name, (row + 0.5) / beside.length]))
      const weight = (name: string, row: number): number => {
        const { before, after } = neighbours.get(name)!
        const joined = isForward ? before : after
        if (joined.length === 0) return (row + 0.5) / layer.length
        return joined.reduce((sum, other) => sum + place.get(other)!, 0) / joined.length
      }
      const weights = new Map(layer.map((name, row) => [name, weight(name, row)]))
      layer.sort((a, b) => weights.get(a)! - weights.get(b)!)
    }
  }
}
