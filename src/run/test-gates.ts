import type { NodeGraph } from '../core/graph.ts'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'

/**
 * The tests that each node waits for, so that nothing is built on data that fails them: those of what it is made from,
 * sources too, whether or not that is built in the same run, and the unit tests of a model.
 * Waiting passes on along the graph, so a test of one node holds up only the nearest that are made from it. A test of
 * several nodes holds up whatever is made from all of them; what it compares with each other it comes after.
 * Nothing is built for an exposure or a saved query, so they wait for what they read and not for its tests, as in dbt.
 *
 * `reads` has the nodes of the plan, each with those of the plan that it reads.
 */
export function testGates(
  manifest: Pick<Manifest, 'nodes'>,
  graph: NodeGraph,
  reads: ReadonlyMap<NodeId, readonly NodeId[]>,
): ReadonlyMap<NodeId, readonly NodeId[]> {
  const isTest = (id: NodeId): boolean => ['test', 'unit_test'].includes(manifest.nodes[id]!.resourceType)
  const isLetThrough = (id: NodeId): boolean =>
    isTest(id) || ['exposure', 'saved_query'].includes(manifest.nodes[id]!.resourceType)
  const waiting = new Set([...reads.keys()].filter((id) => !isLetThrough(id)))
  const gates = new Map<NodeId, NodeId[]>()
  const hold = (id: NodeId, test: NodeId): void => void gates.set(id, [...(gates.get(id) ?? []), test])
  if (waiting.size === 0) return gates
  for (const test of reads.keys()) {
    if (!isTest(test)) continue
    const node = manifest.nodes[test]!
    if (node.resourceType === 'unit_test') {
      hold(node.modelId, test)
      continue
    }
    const [tested, ...rest] = graph.parents(test)
    if (tested === undefined) continue
    const held =
      rest.length === 0
        ? nearestMadeFrom(graph, tested, waiting, isTest)
        : madeFromAll(graph, [tested, ...rest], waiting)
    for (const id of held) hold(id, test)
  }
  holdUnitTests(manifest, [...reads.keys()], gates)
  return gates
}

/** A unit test waits for what its model waits for besides unit tests: of a model that is skipped it is skipped too. */
function holdUnitTests(
  { nodes }: Pick<Manifest, 'nodes'>,
  ids: readonly NodeId[],
  gates: Map<NodeId, NodeId[]>,
): void {
  for (const id of ids) {
    const node = nodes[id]!
    if (node.resourceType !== 'unit_test') continue
    const others = (gates.get(node.modelId) ?? []).filter((test) => nodes[test]!.resourceType === 'test')
    if (others.length > 0) gates.set(id, others)
  }
}

/** Those who wait and are made from a node, directly or through others that do not wait. */
function nearestMadeFrom(
  graph: NodeGraph,
  node: NodeId,
  waiting: ReadonlySet<NodeId>,
  isTest: (id: NodeId) => boolean,
): NodeId[] {
  const found = new Set<NodeId>()
  const seen = new Set<NodeId>()
  const pending = [...graph.children(node)]
  for (let child = pending.pop(); child !== undefined; child = pending.pop()) {
    if (seen.has(child) || isTest(child)) continue
    seen.add(child)
    if (waiting.has(child)) found.add(child)
    else pending.push(...graph.children(child))
  }
  return [...found].sort()
}

/** Those who wait and have every one of `parents` among their ancestors. */
function madeFromAll(graph: NodeGraph, parents: readonly NodeId[], waiting: ReadonlySet<NodeId>): NodeId[] {
  const [first, ...rest] = parents.map((parent) => new Set(graph.descendants(parent)))
  return [...first!].filter((id) => waiting.has(id) && rest.every((set) => set.has(id)))
}
