import { ancestorsOf, type CausalGraph } from './causal-graph.ts'

/**
 * Whether `given` blocks every path between the two sets of nodes; they are disjoint from it and from each other.
 *
 * Source: Pearl (1988), "Probabilistic Reasoning in Intelligent Systems", 3.3; found by reachability in O(nodes +
 * edges), Koller and Friedman (2009), "Probabilistic Graphical Models", algorithm 3.1.
 */
export function isSeparated(
  graph: CausalGraph,
  from: readonly string[],
  to: readonly string[],
  given: Iterable<string>,
): boolean {
  const reached = connectedTo(graph, from, given)
  return !to.some((node) => reached.has(node))
}

type Step = { readonly node: string; readonly arrives: 'at_head' | 'at_tail' }

/** Every node that some path from `from` reaches which `given` does not block. */
export function connectedTo(
  graph: CausalGraph,
  from: readonly string[],
  given: Iterable<string>,
): ReadonlySet<string> {
  const isGiven = new Set(given)
  const opens = ancestorsOf(graph, isGiven)
  const reached = new Set<string>()
  const seen = new Set<string>()
  const steps: Step[] = from.map((node) => ({ node, arrives: 'at_tail' }))
  for (let step = steps.pop(); step; step = steps.pop()) {
    const key = `${step.arrives} ${step.node}`
    if (seen.has(key)) continue
    seen.add(key)
    if (!isGiven.has(step.node)) reached.add(step.node)
    steps.push(...nextSteps(graph, step, isGiven, opens))
  }
  return reached
}

/** A chain or fork goes on through a node that is not given, a collider through one that is or leads to one. */
function nextSteps(
  { parents, children }: CausalGraph,
  { node, arrives }: Step,
  isGiven: ReadonlySet<string>,
  opens: ReadonlySet<string>,
): Step[] {
  const up = (): Step[] => parents.get(node)!.map((other) => ({ node: other, arrives: 'at_tail' }))
  const down = (): Step[] => children.get(node)!.map((other) => ({ node: other, arrives: 'at_head' }))
  if (arrives === 'at_tail') return isGiven.has(node) ? [] : [...up(), ...down()]
  return [...(isGiven.has(node) ? [] : down()), ...(opens.has(node) ? up() : [])]
}

/** A path as it is written: `smoking <- genes -> cancer`. */
export interface OpenPath {
  readonly nodes: readonly string[]
  readonly text: string
}

/** A shortest path between two nodes that `given` does not block, if there is one. */
export function openPath(
  graph: CausalGraph,
  from: string,
  to: string,
  given: Iterable<string>,
): OpenPath | undefined {
  const isGiven = new Set(given)
  const opens = ancestorsOf(graph, isGiven)
  interface Walked extends Step {
    readonly before: Walked | null
  }
  const seen = new Set<string>()
  const queue: Walked[] = [{ node: from, arrives: 'at_tail', before: null }]
  for (const step of queue) {
    const key = `${step.arrives} ${step.node}`
    if (seen.has(key)) continue
    seen.add(key)
    if (step.node === to) return written(step)
    for (const next of nextSteps(graph, step, isGiven, opens)) queue.push({ ...next, before: step })
  }
  return undefined

  function written(last: Walked): OpenPath {
    const nodes = [last.node]
    let text = last.node
    for (let step = last; step.before; step = step.before) {
      nodes.unshift(step.before.node)
      text = `${step.before.node} ${step.arrives === 'at_head' ? '->' : '<-'} ${text}`
    }
    return { nodes, text }
  }
}
