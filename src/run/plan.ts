import { changeSince, type NodeChange, type NodeFingerprint } from '../core/fingerprint.ts'
import type { NodeGraph } from '../core/graph.ts'
import type { BuiltInterval } from '../core/intervals.ts'
import type { Manifest } from '../core/manifest.ts'
import {
  type JobNode,
  type LoadNode,
  type ModelNode,
  type Node,
  type NodeId,
  type ResourceType,
  relationKey,
  relationsOf,
  type SnapshotNode,
} from '../core/node.ts'
import type { Plan, PublishMode, Step, StepAction } from '../core/plan.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { type Decision, decideLoad, type LoadOptions, type LoadState } from './decide-load.ts'
import { withIntervals } from './intervals/with-intervals.ts'
import { buildSchemaOf } from './relations.ts'
import type { RunRequest } from './run-request.ts'
import { testGates } from './test-gates.ts'

/*
 * Planning decides everything that a run will do, from the manifest and from what stands in the warehouse.
 * It has no effects: the same arguments give the same plan.
 */

/** What a plan has to know about the warehouse. */
export interface WarehouseState extends LoadState {
  /** The definitions from which published relations were made, by relation key. */
  readonly definitions: ReadonlyMap<string, NodeFingerprint>
  /** The times that tables hold, by relation key. */
  readonly ledgers: ReadonlyMap<string, readonly BuiltInterval[]>
}

export interface PlanOptions extends LoadOptions {
  readonly runId: string
  readonly startedAt: Date
  readonly command: string
  readonly publish: PublishMode
  /** What a macro of the project says of it instead, by model. */
  readonly refreshedByMacro?: ReadonlyMap<NodeId, boolean>
  /** What a node's definition comes to. */
  readonly definitionOf: (id: NodeId) => NodeFingerprint
  /** Of what stands with the definition that it has: why it cannot stay as it is, or null if it alone may. */
  readonly standing: ReadonlyMap<NodeId, string | null>
  /** The times that models are to build that are built by time, from the command line. */
  readonly eventTime?: RunRequest['eventTime']
  /** Exactly which times of which models to build, where another command has chosen them. */
  readonly chosenTimes?: RunRequest['chosenTimes']
}

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
  const loadedAgain = (id: NodeId): string | null => newerLoad(manifest, graph, id, chosen, state, options)
  const reused = new Set<NodeId>()
  const isReplacedInPlace = (id: NodeId): boolean => manifest.nodes[id]!.resourceType === 'function'
  const steps = order.map((id): Step => {
    const change = changeOf(manifest, id, state, options)
    const rebuilt = reads.get(id)!.find((parent) => !reused.has(parent) && !isReplacedInPlace(parent))
    const decided = decideAgainst(
      decide(manifest.nodes[id]!, state, options, loadedAgain),
      whyNotKept(id, change, rebuilt && manifest.nodes[rebuilt]!.name, options),
    )
    if (decided.action === 'reuse') reused.add(id)
    const { action, reason, intervals } = withIntervals(manifest.nodes[id]!, decided, state.ledgers, options)
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
      ...(isView(manifest.nodes[id]!) && options.standing.get(id) === null && { stands: true }),
      ...(intervals && { intervals }),
      ...(hasLedger(manifest.nodes[id]!, state) && { hasLedger: true }),
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
  if (why === undefined || decided.action === 'reuse' || decided.action === 'load') return decided
  return why === null
    ? { action: 'reuse', reason: 'it is as it was published, and so is what it reads' }
    : { action: decided.action, reason: `${decided.reason}; not reused: ${why}` }
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

function decide(
  node: Node,
  state: WarehouseState,
  options: PlanOptions,
  loadedAgain: (id: NodeId) => string | null,
): { readonly action: StepAction; readonly reason: string } {
  switch (node.resourceType) {
    case 'load':
      return decideLoad(node, state, options)
    case 'seed':
      return { action: 'seed', reason: 'read from its file' }
    case 'test':
      return { action: 'test', reason: 'tests look at what the run built' }
    case 'job':
      return decideJob(node, state, options, loadedAgain)
    case 'model':
      return decideModel(node, state, options, loadedAgain)
    case 'snapshot':
      return decideSnapshot(node, state)
    case 'function':
      return { action: 'build', reason: 'functions are made on every run' }
    case 'unit_test':
      return { action: 'test', reason: 'unit tests come before their model' }
    case 'exposure':
    case 'saved_query':
      return { action: 'none', reason: 'tells who reads; there is nothing to run' }
    case 'source':
    case 'job_table':
    case 'analysis':
    case 'metric':
    case 'semantic_model':
      throw new Error(`${node.id} has no step`)
  }
}

function decideModel(
  node: ModelNode,
  state: WarehouseState,
  options: PlanOptions,
  loadedAgain: (id: NodeId) => string | null,
): { readonly action: StepAction; readonly reason: string } {
  if (node.materialized !== 'incremental')
    return { action: 'build', reason: `materialized as ${node.materialized}` }
  if (state.relations.get(relationKey(node.relation)) !== 'table')
    return { action: 'build', reason: 'incremental, and not there yet' }
  const refreshed = options.refreshedByMacro?.get(node.id) ?? node.fullRefresh ?? options.fullRefresh
  if (refreshed) return { action: 'build', reason: 'full refresh' }
  const load = node.fullRefresh === undefined ? loadedAgain(node.id) : null
  if (load !== null) return { action: 'build', reason: `incremental, but ${load} was loaded anew since` }
  return { action: 'increment', reason: 'incremental, and there already' }
}

/** Metrics are kept and brought up to date as long as they are the same ones; other analyses are made anew. */
function decideJob(
  node: JobNode,
  state: WarehouseState,
  options: PlanOptions,
  loadedAgain: (id: NodeId) => string | null,
): Decision {
  if (node.spec.kind !== 'metrics') return { action: 'analyse', reason: 'analyses follow their data' }
  const anew = (why: string): Decision => ({ action: 'analyse', reason: `metrics, ${why}` })
  const keys = node.tables.map(({ relation }) => relationKey(relation))
  if (!keys.every((key) => state.relations.get(key) === 'table')) return anew('and not there yet')
  if (node.config['full_refresh'] ?? options.fullRefresh) return anew('full refresh')
  const definition = options.definitionOf(node.id)
  const isSame = (key: string): boolean => {
    const before = state.definitions.get(key)
    return before?.compiled === definition.compiled && before.config === definition.config
  }
  // What they read may change as it may below an incremental model: a var of the day does so every night.
  if (!keys.every(isSame)) return anew('and they or the exposures of an experiment have changed')
  const load = loadedAgain(node.id)
  if (load !== null) return anew(`but ${load} was loaded anew since`)
  return { action: 'increment', reason: 'metrics, and there already' }
}

/**
 * The name of a load among a node's ancestors that replaces its data in this run, or did after the node was
 * built: rows made from what was there before must not stay beside rows made from what is there now.
 */
function newerLoad(
  manifest: Manifest,
  graph: NodeGraph,
  id: NodeId,
  chosen: ReadonlySet<NodeId>,
  state: WarehouseState,
  options: PlanOptions,
): string | null {
  const builtAt = latest(manifest.nodes[id]!, state)
  for (const ancestor of graph.ancestors(id)) {
    const node = manifest.nodes[ancestor]!
    // The rows of a stream are added to and never replaced.
    if (node.resourceType !== 'load' || node.spec.kind === 'stream') continue
    if (chosen.has(ancestor) && decideLoad(node, state, options).action === 'load') return node.name
    const loadedAt = loadedAnewAt(node, state)
    if (builtAt !== null && loadedAt !== null && loadedAt > builtAt) return node.name
  }
  return null
}

/** When what a load has filled was last replaced: what comes to it besides is for increments. */
function loadedAnewAt(node: LoadNode, state: WarehouseState): string | null {
  const { spec } = node
  const adds = (spec.kind === 'files' || spec.kind === 'postgres') && spec.mode !== 'replace'
  if (!adds) return latest(node, state)
  const held = relationsOf(node).flatMap((relation) => state.held.get(relationKey(relation)) ?? [])
  return held.map(({ loadedAt }) => loadedAt).sort()[0] ?? null
}

/** When a node's relations were last published. */
function latest(node: Node, { published }: WarehouseState): string | null {
  const instants = relationsOf(node).flatMap(
    (relation) => published.get(relationKey(relation))?.publishedAt ?? [],
  )
  return instants.sort().at(-1) ?? null
}

/** A history cannot be made again, so not even a full refresh begins it anew. */
function decideSnapshot(node: SnapshotNode, state: WarehouseState) {
  const kind = state.relations.get(relationKey(node.relation))
  if (kind === undefined) return { action: 'build', reason: 'snapshot, and not there yet' } as const
  if (kind === 'table') return { action: 'increment', reason: 'snapshot, and there already' } as const
  const key = relationKey(node.relation)
  throw new ProblemError(
    makeProblem('snapshot-invalid', `${key} is a ${kind.replace('_', ' ')}, and a snapshot needs a table`, {
      place: node.place,
      hint: 'rename one of them',
    }),
  )
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
