import type { FingerprintOf } from '../compile/fingerprint.ts'
import { makeGraph } from '../core/graph.ts'
import {
  type LoadNode,
  type ModelNode,
  type Node,
  type NodeId,
  type Relation,
  relationKey,
  relationsOf,
} from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { RunEffects } from '../core/run-event.ts'
import { isFailure, type RunResult } from '../core/run-result.ts'
import {
  clearDeadRuns,
  describeHolder,
  forgetKeptBuilds,
  type KeptRun,
  type Lease,
  migrateStore,
  type RunOwner,
  readDefinitions,
  readDurations,
  readKeptRun,
  readLedgers,
  readPublished,
  recordKeptBuilds,
  recordRunFinished,
  recordRunStarted,
  withLease,
} from '../store/index.ts'
import { existingRelations } from '../warehouse/index.ts'
import { relationsOfBuild } from './adopt-builds.ts'
import { createBuildSchemas, dropBuildSchemas } from './build-schemas.ts'
import type { OnBuilt } from './carry-out.ts'
import { fingerprintDefinitions } from './definition-fingerprints.ts'
import { type Execution, execute, skipped } from './execute.ts'
import { type Beginning, goOn } from './go-on.ts'
import { keepableBuilds } from './keep-builds.ts'
import { fingerprintLoads } from './load-fingerprint.ts'
import { makeRunContext } from './make-run-context.ts'
import { makePlan, type WarehouseState } from './plan.ts'
import { runEndHooks, runStartHooks } from './project-hooks.ts'
import { publishActions, publishRun } from './publish-builds.ts'
import { makeBuilds } from './relations.ts'
import { usualRetries } from './retry-policy.ts'
import type { RunContext, StepOutcome } from './run-context.ts'
import type { RunRequest } from './run-request.ts'
import { compareViews } from './standing-views.ts'
import { sessionsFor } from './thread-places.ts'
import { withRetries } from './with-retries.ts'

/*
 * A run: take a lease on what is to be published, look at what stands there, plan, build everything in a schema of the run,
 * and, when all of it has succeeded, publish all of it in one transaction. What a failed run has built is kept until
 * the next one: a retry goes on from there, any other drops it.
 */

/** Runs the nodes. Failures of nodes are in the result; only what keeps a run from beginning is thrown. */
export async function runNodes(request: RunRequest, effects: RunEffects): Promise<RunResult> {
  const { warehouse, manifest, command, runId, startedBy, waitMs } = request
  const { name: target, schema } = warehouse.target
  const owner: RunOwner = { project: manifest.project, target, schema }
  await migrateStore(warehouse.control)
  return withLease(
    warehouse,
    {
      ...{ runId, command, startedBy, waitMs, schema },
      project: owner.project,
      relations: request.nodeIds.flatMap((id) => writtenRelations(manifest.nodes[id]!, request)),
      signal: effects.signal,
      onWaiting: (holders) =>
        effects.emit({ type: 'waiting_for_lock', holder: describeHolder(holders[0]!), holders }),
    },
    (lease) => runLeased(request, lease, owner, effects),
  )
}

/** What a node writes that others see: what it publishes, and for a test the rows that it keeps. */
function writtenRelations(node: Node, { storeFailures }: RunRequest): readonly Relation[] {
  if (node.resourceType !== 'test') return relationsOf(node)
  const kept = node.storeFailures ?? (storeFailures ? 'table' : 'ephemeral')
  return kept === 'ephemeral' ? [] : [node.relation]
}

async function runLeased(
  request: RunRequest,
  lease: Lease,
  owner: RunOwner,
  effects: RunEffects,
): Promise<RunResult> {
  const { warehouse, manifest } = request
  const { control } = warehouse
  const kept = request.retryOf === undefined ? null : await readKeptRun(control, owner, request.retryOf)
  await dropLeftovers(request, lease, owner, kept, effects)
  const startedAt = effects.clock()
  const planned = await planRun(request, startedAt)
  const beginning = await goOn(request, planned.plan, planned.definitionOf, kept)
  const { plan, adopted } = beginning
  warehouse.warmUp(sessionsFor(plan, request.threads, manifest))
  if (kept && plan.buildSchema !== kept.buildSchema) await dropBuildSchemas(control, kept.buildSchema)
  if (adopted.length > 0)
    effects.emit({
      type: 'log',
      level: 'info',
      message: `going on with the run before: ${adopted.length} of ${planned.plan.steps.length} nodes are done and unchanged`,
    })
  effects.emit({
    type: 'run_started',
    plan,
    nodeNames: Object.fromEntries(plan.steps.map(({ nodeId }) => [nodeId, manifest.nodes[nodeId]!.name])),
  })
  await recordRunStarted(control, lease, owner, plan)
  const built = plan.steps.filter(({ action }) => action !== 'reuse')
  const published = built.flatMap(({ nodeId }) => relationsOf(manifest.nodes[nodeId]!))
  const clearUp = async (): Promise<void> => {
    await dropBuildSchemas(control, plan.buildSchema)
    await forgetKeptBuilds(control, lease, owner)
  }
  try {
    await createBuildSchemas(control, plan.buildSchema, published)
    const begun = { ...beginning, ...planned, plan, lease, owner }
    const ended = await buildAndPublish(request, begun, startedAt, effects)
    const problems: Problem[] = []
    const settle = async (): Promise<void> => {
      const builds = await keepableBuilds(ended.result, ended.outcomes, ended.context, beginning)
      if (builds.length > 0) await recordKeptBuilds(control, lease, owner, plan.runId, builds)
      else await clearUp()
      await recordRunFinished(control, lease, ended.result, effects.clock())
    }
    const { signal } = effects
    const retrying = { spec: { retries: usualRetries }, who: `${plan.runId} ends`, signal }
    await collecting(problems, () => withRetries(retrying, settle))
    const result = withProblems(ended.result, problems)
    effects.emit({ type: 'run_finished', result })
    return result
  } catch (error) {
    // The next run does it otherwise, and what went wrong first is what matters.
    await clearUp().catch(() => {})
    throw error
  }
}

function withProblems(result: RunResult, problems: readonly Problem[]): RunResult {
  if (problems.length === 0) return result
  const status = result.status === 'success' ? 'failed' : result.status
  const known = new Set(result.problems.map(({ code }) => code))
  return {
    ...result,
    status,
    problems: [...result.problems, ...problems.filter(({ code }) => !known.has(code))],
  }
}

/** Drops what runs left behind that were cut off or failed, but for what this one goes on with. */
async function dropLeftovers(
  { warehouse: { control } }: RunRequest,
  lease: Lease,
  owner: RunOwner,
  kept: KeptRun | null,
  effects: RunEffects,
): Promise<void> {
  const tell = (message: string) => effects.emit({ type: 'log', level: 'info', message })
  const dropped = await clearDeadRuns(control, lease, owner, async (session, schema) => {
    if (schema !== kept?.buildSchema) await dropBuildSchemas(session, schema)
  })
  for (const schema of dropped)
    if (schema !== kept?.buildSchema) tell(`dropped ${schema}, left behind by a run that was cut off`)
  if (kept) return
  for (const schema of await forgetKeptBuilds(control, lease, owner)) {
    await dropBuildSchemas(control, schema)
    tell(`dropped ${schema}, kept from a run that failed`)
  }
}

export interface PlannedRun {
  readonly plan: Plan
  /** What a node's definition comes to; kept with what it publishes. */
  readonly definitionOf: FingerprintOf
}

/** What a plan needs of a run. */
export type PlanRequest = Pick<
  RunRequest,
  | 'manifest'
  | 'renderer'
  | 'warehouse'
  | 'nodeIds'
  | 'command'
  | 'runId'
  | 'fullRefresh'
  | 'publish'
  | 'eventTime'
  | 'sample'
  | 'chosenTimes'
  | 'projectRoot'
  | 'empty'
  | 'templateFlags'
  | 'deferred'
>

/** Looks at the warehouse and plans; has no effect on it. */
export async function planRun(request: PlanRequest, startedAt: Date): Promise<PlannedRun> {
  const { manifest, warehouse, nodeIds, command, runId, fullRefresh } = request
  const selected = nodeIds.map((id) => manifest.nodes[id]!)
  const relations = await existingRelations(warehouse.control, selected.flatMap(relationsOf))
  const state = {
    relations: new Map(relations.map((relation) => [relationKey(relation), relation.kind])),
    published: await readPublished(warehouse.control),
    definitions: await readDefinitions(warehouse.control),
    ledgers: await readLedgers(warehouse.control),
  }
  const graph = makeGraph(manifest)
  const definitionOf = await fingerprintDefinitions(request, graph)
  const views = selected.filter((node) => isStandingView(node, state, definitionOf))
  const plan = makePlan(manifest, graph, nodeIds, state, {
    definitionOf,
    viewChanges: await compareViews(request, views, state.published, startedAt),
    runId,
    startedAt,
    command,
    publish: request.publish,
    fullRefresh,
    // As in dbt, a sample of what has times is a sample of the batches, too.
    eventTime: request.sample ?? request.eventTime,
    chosenTimes: request.chosenTimes,
    loadFingerprints: fingerprintLoads(
      selected.filter(isLoad),
      manifest.vars,
      request.renderer,
      request.projectRoot,
    ),
  })
  return { plan, definitionOf }
}

/** Whether a node is a view that is there, with the definition that it has. */
function isStandingView(
  node: Node,
  { relations, definitions }: Pick<WarehouseState, 'relations' | 'definitions'>,
  definitionOf: FingerprintOf,
): node is ModelNode {
  if (node.resourceType !== 'model' || node.materialized !== 'view') return false
  const key = relationKey(node.relation)
  return relations.get(key) === 'view' && definitions.get(key)?.whole === definitionOf(node.id).whole
}

function isLoad(node: Node): node is LoadNode {
  return node.resourceType === 'load'
}

interface Ended {
  readonly result: RunResult
  readonly outcomes: ReadonlyMap<NodeId, StepOutcome>
  readonly context: RunContext
}

/** A run that has its lease and its plan. */
interface Begun extends Beginning {
  readonly definitionOf: FingerprintOf
  readonly lease: Lease
  readonly owner: RunOwner
}

async function buildAndPublish(
  request: RunRequest,
  { plan, adopted, definitionOf, lease, owner }: Begun,
  startedAt: Date,
  effects: RunEffects,
): Promise<Ended> {
  const seconds = await readDurations(request.warehouse.control, owner)
  const context = makeRunContext(request, {
    ...{ plan, effects, lease },
    secondsOf: (id) => seconds.get(id),
    builds: makeBuilds(),
    standing: adopted.flatMap(relationsOfBuild),
  })
  for (const { published, build } of adopted.flatMap(({ builds }) => builds))
    context.builds.add(published, build)
  // A comment that cannot be made is one mistake, and not one of every node.
  context.commentOf(null)
  const onBuilt: OnBuilt = async (step, outcome) => {
    if (plan.publish !== 'node') return
    await publishActions(outcome.publish, [step.nodeId], definitionOf, context)
    for (const { published } of outcome.publish) context.builds.publish(published)
  }
  const problems: Problem[] = []
  const begun = await collecting(problems, () => runStartHooks(context))
  const { results, outcomes, passedOver } = begun ? await execute(context, onBuilt) : nothingDone(plan)
  // What was adopted stands on nothing that this run has built, so it comes first.
  const actions = [...adopted, ...outcomes.values()].flatMap(({ publish }) => publish)
  const failed = results.filter(({ status }) => isFailure(status)).map(({ nodeId }) => nodeId)
  const mayPublish = begun && !effects.signal.aborted && failed.every((id) => passedOver.has(id))
  let published = plan.publish === 'node' && actions.length > 0
  let publishMs: number | null = null
  if (plan.publish === 'run' && mayPublish && actions.length > 0) {
    const built = [
      ...adopted.filter(({ action }) => action !== 'reuse'),
      ...results.filter(({ status }) => status === 'success'),
    ]
    await collecting(problems, async () => {
      publishMs = await publishRun(
        actions,
        built.map(({ nodeId }) => nodeId),
        definitionOf,
        context,
      )
      published = true
    })
  }
  const cancelled = effects.signal.aborted && !(published && plan.publish === 'run')
  // Whoever took the place of this run has the last word, also about what runs behind it.
  if (begun && !cancelled && (await collecting(problems, () => lease.hold())))
    await collecting(problems, () => runEndHooks(results, context))
  if (cancelled && !problems.some(({ code }) => code === 'cancelled'))
    problems.push(
      makeProblem('cancelled', 'the run was cancelled', { hint: 'what was built has been dropped' }),
    )
  const result: RunResult = {
    runId: plan.runId,
    command: plan.command,
    status: cancelled ? 'cancelled' : begun && failed.length + problems.length === 0 ? 'success' : 'failed',
    startedAt: plan.startedAt,
    elapsedMs: effects.clock().getTime() - startedAt.getTime(),
    published,
    publishMs,
    results,
    buildSchema: plan.buildSchema,
    ...(adopted.length > 0 && { adopted: adopted.map(({ nodeId }) => nodeId) }),
    problems,
  }
  return { result, outcomes, context }
}

function nothingDone(plan: Plan): Execution {
  const results = plan.steps.map((step) => skipped(step, 'on-run-start failed'))
  return { results, outcomes: new Map(), passedOver: new Set() }
}

/** Whether the work succeeded; its problems are kept, anything else is thrown on. */
async function collecting(problems: Problem[], work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    problems.push(...error.problems)
    return false
  }
}
