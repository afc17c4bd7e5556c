import type { NodeGraph } from '../graph.ts'
import type { Manifest } from '../manifest.ts'
import type { NodeId } from '../node.ts'
import type { IndirectSelection } from './selection-spec.ts'

/*
 * Tests are seldom named; they come along with what they check. A test of several nodes may come along only when
 * the other parts of a selection have brought in the rest of its parents, so those that might are carried along.
 */

export interface Chosen {
  readonly direct: ReadonlySet<NodeId>
  /** Tests some of whose parents are not selected yet. */
  readonly indirect: ReadonlySet<NodeId>
}

/** The selected nodes with the tests that hang on them. */
export function takeInTests(
  manifest: Manifest,
  graph: NodeGraph,
  selected: ReadonlySet<NodeId>,
  mode: IndirectSelection,
): Chosen {
  if (mode === 'empty') return { direct: selected, indirect: new Set() }
  const direct = new Set(selected)
  const indirect = new Set<NodeId>()
  const enough = mode === 'buildable' ? buildable(manifest, graph, selected) : selected
  for (const id of selected)
    for (const child of graph.children(id)) {
      if (!isTest(manifest, child)) continue
      if (mode === 'eager' || hasAllParents(graph, child, enough)) direct.add(child)
      else indirect.add(child)
    }
  return { direct, indirect }
}

/** The selected nodes with the tests whose missing parents another part of the selection has brought. */
export function withTestsNowComplete(
  manifest: Manifest,
  graph: NodeGraph,
  { direct, indirect }: Chosen,
  mode: IndirectSelection,
): ReadonlySet<NodeId> {
  if (mode === 'eager' || mode === 'empty') return direct
  const enough = mode === 'buildable' ? new Set([...direct, ...graph.ancestors(direct)]) : direct
  const complete = [...indirect].filter((id) => isTest(manifest, id) && hasAllParents(graph, id, enough))
  return new Set([...direct, ...complete])
}

function isTest({ nodes }: Manifest, id: NodeId): boolean {
  const type = nodes[id]?.resourceType
  return type === 'test' || type === 'unit_test'
}

/** What a test may rest on: the selected nodes, what they are built from, and sources, which are always there. */
function buildable(manifest: Manifest, graph: NodeGraph, selected: ReadonlySet<NodeId>): Set<NodeId> {
  const sources = Object.values(manifest.nodes).flatMap((node) =>
    node.resourceType === 'source' ? [node.id] : [],
  )
  return new Set([...selected, ...graph.ancestors(selected), ...sources])
}

function hasAllParents(graph: NodeGraph, id: NodeId, among: ReadonlySet<NodeId>): boolean {
  return graph.parents(id).every((parent) => among.has(parent))
}
