import { changeSince, type NodeChange } from '../core/fingerprint.ts'
import type { NodeGraph } from '../core/graph.ts'
import type { Manifest } from '../core/manifest.ts'
import {
  type ModelNode,
  type Node,
  type NodeId,
  type ResourceType,
  relationKey,
  relationsOf,
} from '../core/node.ts'
import type { Plan, Step } from '../core/plan.ts'
import type { Decision } from './decide-load.ts'
import { decideNode, tableHistory } from './decide-node.ts'
import { withIntervals } from './intervals/with-intervals.ts'
import type { PlanOptions, PlanScope, WarehouseState } from './plan-scope.ts'
import { buildSchemaOf } from './relations.ts'
import { testGates } from './test-gates.ts'

/*
 * Planning decides everything that a run will do, from the manifest and from what stands in the warehouse.
 * It has no effects: the same arguments give the same plan.
 */

/** Plans a run of the selected nodes. Steps stand in an order in which they could run one after the other. */
export function makePlan(
  manifest: Manifest,
  graph: NodeGraph,
  selected: readonly NodeId[],
  state: WarehouseState,
  options: PlanOptions,
): Plan {
  const chosen = new Set(selected.filter((id) => hasStep(manifest.nodes[id]!)))
  const order = graph.topologicalOrder().filter((id) => chosen.has(id))
  const reads = new Map(order.map((id) => [id, nearestChosen(graph, readerOf(manifest.nodes[id]!), chosen)]))
  const gates = testGates(manifest, graph, reads)
  const scope: PlanScope = { manifest, graph, chosen, state, options }
  const reused = new Set<NodeId>()
  const isReplacedInPlace = (id: NodeId): boolean => manifest.nodes[id]!.resourceType === 'function'
  const steps = order.map((id): Step => {
    const node = manifest.nodes[id]!
    const change = changeOf(manifest, id, state, options)
    const rebuilt = reads.get(id)!.find((parent) => !reused.has(parent) && !isReplacedInPlace(parent))
    const decided = decideAgainst(
      decideNode(node, scope),
      whyNotKept(id, change, rebuilt && manifest.nodes[rebuilt]!.name, options),
    )
    if (decided.action === 'reuse') reused.add(id)
    const standing = isIncremental(node) ? tableHistory(node, scope) : null
    const { action, reason, intervals } = withIntervals(node, decided, state.ledgers, {
      ...options,
      history: standing,
    })
    // What a table has of older rows that is built by time, its ledger says.
    const history = standing && (intervals || action === 'build') ? { ...standing, older: [] } : standing
    // An empty table is not what its files come to.
    const fingerprint = options.empty ? undefined : options.loadFingerprints.get(id)
    const dependsOn = [...new Set([...reads.get(id)!, ...(gates.get(id) ?? [])])]
    return {
      nodeId: id,
      action,
      reason,
      dependsOn,
      ...(fingerprint && { fingerprint }),
      ...(change && { change }),
      ...(isView(node) && options.standing.get(id) === null && { stands: true }),
      ...(history && { history }),
      ...(intervals && { intervals }),
      ...(hasLedger(node, state) && { hasLedger: true }),
    }
  })
  return {
    runId: options.runId,
    startedAt: options.startedAt.toISOString(),
    command: options.command,
    publish: options.publish,
    buildSchema: buildSchemaOf(options.runId),
    steps: inDependencyOrder(steps),
  }
}

/** What became of a node's definition since it was last published; null for what publishes nothing. */
function changeOf(
  manifest: Manifest,
  id: NodeId,
  state: WarehouseState,
  { definitionOf }: PlanOptions,
): NodeChange | null {
  const [relation] = relationsOf(manifest.nodes[id]!)
  if (!relation) return null
  const key = relationKey(relation)
  if (!state.relations.has(key)) return { kind: 'new', why: 'never built' }
  const before = state.definitions.get(key)
  if (!before) return { kind: 'unknown', why: 'what it was made from is not recorded' }
  return changeSince(before, definitionOf(id), (other) => manifest.nodes[other]?.name ?? other)
}

/**
 * Why what stands is not kept: null for what is, undefined for what is new or another now. A view reads what it reads by identity,
 * and what has rows has them from there: what is built again takes the place of what was read.
 */
function whyNotKept(
  id: NodeId,
  change: NodeChange | null,
  rebuilt: string | undefined,
  { standing }: PlanOptions,
): string | null | undefined {
  const why = standing.get(id)
  if (why === undefined || change?.kind !== 'unchanged') return undefined
  return why ?? (rebuilt === undefined ? null : `it reads ${rebuilt}, which is built`)
}

function decideAgainst(decided: Decision, why: string | null | undefined): Decision {
  if (why === undefined || decided.isAnew || decided.action === 'reuse' || decided.action === 'load')
    return decided
  return why === null
    ? { action: 'reuse', reason: 'it is as it was published, and so is what it reads' }
    : { action: decided.action, reason: `${decided.reason}; not reused: ${why}` }
}

function isIncremental(node: Node): node is ModelNode {
  return node.resourceType === 'model' && node.materialized === 'incremental'
}

function isView(node: Node): boolean {
  return node.resourceType === 'model' && node.materialized === 'view'
}

function hasLedger(node: Node, { ledgers }: WarehouseState): boolean {
  return relationsOf(node).some((relation) => ledgers.has(relationKey(relation)))
}

/** Only these are ever carried out; and an ephemeral model is written into its readers. */
const runnable: readonly ResourceType[] = [
  'load',
  'seed',
  'model',
  'snapshot',
  'test',
  'unit_test',
  'job',
  'function',
  'exposure',
  'saved_query',
]

function hasStep(node: Node): boolean {
  if (!runnable.includes(node.resourceType)) return false
  return !(node.resourceType === 'model' && node.materialized === 'ephemeral')
}

/** Whose reading a node waits for: a unit test runs before its model, on the types of what the model reads. */
function readerOf(node: Node): NodeId {
  return node.resourceType === 'unit_test' ? node.modelId : node.id
}

/** The chosen nodes that `id` reads, directly or through nodes that have no step of their own. */
function nearestChosen(graph: NodeGraph, id: NodeId, chosen: ReadonlySet<NodeId>): NodeId[] {
  const found = new Set<NodeId>()
  const seen = new Set<NodeId>()
  const pending = [...graph.parents(id)]
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    if (seen.has(parent)) continue
    seen.add(parent)
    if (chosen.has(parent)) found.add(parent)
    else pending.push(...graph.parents(parent))
  }
  return [...found].sort()
}

/**
 * The order in which steps begin as far as nothing keeps them waiting: dbt's, by how many steps one after the other
 * have to be done before, then by id. Projects come to rely on it: a test that names no node, which looks at the
 * database itself, comes after all seeds.
 */
function inDependencyOrder(steps: readonly Step[]): Step[] {
  const byId = new Map(steps.map((step) => [step.nodeId, step]))
  const levels = new Map<NodeId, number>()
  const levelOf = (id: NodeId): number => {
    const known = levels.get(id)
    if (known !== undefined) return known
    const level = Math.max(-1, ...byId.get(id)!.dependsOn.map(levelOf)) + 1
    levels.set(id, level)
    return level
  }
  return [...steps].sort((a, b) => levelOf(a.nodeId) - levelOf(b.nodeId) || (a.nodeId < b.nodeId ? -1 : 1))
}
