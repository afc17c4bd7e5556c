import type { FingerprintOf } from '../compile/fingerprint.ts'
import { makeGraph } from '../core/graph.ts'
import {
  type LoadNode,
  type ModelNode,
  type Node,
  type NodeId,
  relationKey,
  relationsOf,
} from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { RunEffects } from '../core/run-event.ts'
import { isFailure, type RunResult } from '../core/run-result.ts'
import {
  forgetKeptBuilds,
  type KeptRun,
  migrateStore,
  type RunOwner,
  readDefinitions,
  readKeptRun,
  readLedgers,
  readPublished,
  recordKeptBuilds,
  recordRunFinished,
  recordRunStarted,
  takeAbandonedBuildSchemas,
} from '../store/index.ts'
import { existingRelations, withRunLock } from '../warehouse/index.ts'
import { createBuildSchemas, dropBuildSchemas } from './build-schemas.ts'
import { fingerprintDefinitions } from './definition-fingerprints.ts'
import { execute, type OnBuilt, skipped } from './execute.ts'
import { type Beginning, goOn } from './go-on.ts'
import { keepableBuilds } from './keep-builds.ts'
import { fingerprintLoads } from './load-fingerprint.ts'
import { makeRunContext } from './make-run-context.ts'
import { makePlan, type WarehouseState } from './plan.ts'
import { runEndHooks, runStartHooks } from './project-hooks.ts'
import { publishActions, publishRun } from './publish-builds.ts'
import { makeBuilds } from './relations.ts'
import type { RunContext, StepOutcome } from './run-context.ts'
import type { RunRequest } from './run-request.ts'
import { compareViews } from './standing-views.ts'
import { sessionsFor } from './thread-places.ts'

/*
 * A run: take the lock of the target, look at what stands there, plan, build everything in a schema of the run,
 * and, when all of it has succeeded, publish all of it in one transaction. What a failed run has built is kept until
 * the next one: a retry goes on from there, any other drops it.
 */

/** Runs the nodes. Failures of nodes are in the result; only what keeps a run from beginning is thrown. */
export async function runNodes(request: RunRequest, effects: RunEffects): Promise<RunResult> {
  const { warehouse, manifest } = request
  const { name: target, schema } = warehouse.target
  const owner: RunOwner = { project: manifest.project, target, schema }
  return withRunLock(
    warehouse,
    {
      project: owner.project,
      schema,
      waitMs: request.lockTimeoutMs,
      signal: effects.signal,
      onWaiting: (holder) => effects.emit({ type: 'waiting_for_lock', holder }),
    },
    () => runLocked(request, owner, effects),
  )
}

async function runLocked(request: RunRequest, owner: RunOwner, effects: RunEffects): Promise<RunResult> {
  const { warehouse, manifest } = request
  const { control } = warehouse
  await migrateStore(control)
  const kept = request.retryOf === undefined ? null : await readKeptRun(control, owner, request.retryOf)
  await dropLeftovers(request, owner, kept, effects)
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
  await recordRunStarted(control, owner, plan)
  const built = plan.steps.filter(({ action }) => action !== 'reuse')
  const published = built.flatMap(({ nodeId }) => relationsOf(manifest.nodes[nodeId]!))
  const clearUp = async (): Promise<void> => {
    await dropBuildSchemas(control, plan.buildSchema)
    await forgetKeptBuilds(control, owner)
  }
  try {
    await createBuildSchemas(control, plan.buildSchema, published)
    const ended = await buildAndPublish(request, beginning, planned.definitionOf, startedAt, effects)
    const { result } = ended
    const builds = await keepableBuilds(result, ended.outcomes, ended.context, beginning)
    if (builds.length > 0) await recordKeptBuilds(control, owner, plan.runId, builds)
    else await clearUp()
    await recordRunFinished(control, result, effects.clock())
    effects.emit({ type: 'run_finished', result })
    return result
  } catch (error) {
    await clearUp()
    throw error
  }
}

/** Drops what runs left behind that were cut off or failed, but for what this one goes on with. */
async function dropLeftovers(
  { warehouse: { control } }: RunRequest,
  owner: RunOwner,
  kept: KeptRun | null,
  effects: RunEffects,
): Promise<void> {
  const tell = (message: string) => effects.emit({ type: 'log', level: 'info', message })
  for (const schema of await takeAbandonedBuildSchemas(control, owner)) {
    if (schema === kept?.buildSchema) continue
    await dropBuildSchemas(control, schema)
    tell(`dropped ${schema}, left behind by a run that was cut off`)
  }
  if (kept) return
  for (const schema of await forgetKeptBuilds(control, owner)) {
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

async function buildAndPublish(
  request: RunRequest,
  { plan, adopted }: Beginning,
  definitionOf: FingerprintOf,
  startedAt: Date,
  effects: RunEffects,
): Promise<Ended> {
  const context = makeRunContext(request, plan, makeBuilds(), effects)
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
  const { results, outcomes } = begun
    ? await execute(context, onBuilt)
    : { results: plan.steps.map((step) => skipped(step, 'on-run-start failed')), outcomes: new Map() }
  // What was adopted stands on nothing that this run has built, so it comes first.
  const actions = [...adopted, ...outcomes.values()].flatMap(({ publish }) => publish)
  const cancelled = effects.signal.aborted
  const allWell = begun && !cancelled && !results.some(({ status }) => isFailure(status))
  let published = plan.publish === 'node' && actions.length > 0
  let publishMs: number | null = null
  if (plan.publish === 'run' && allWell && actions.length > 0) {
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
  if (begun && !cancelled) await collecting(problems, () => runEndHooks(results, context))
  if (cancelled)
    problems.push(
      makeProblem('cancelled', 'the run was cancelled', { hint: 'what was built has been dropped' }),
    )
  const result: RunResult = {
    runId: plan.runId,
    command: plan.command,
    status: cancelled ? 'cancelled' : allWell && problems.length === 0 ? 'success' : 'failed',
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
