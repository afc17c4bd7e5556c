import type { FingerprintOf } from '../compile/fingerprint.ts'
import { makeGraph } from '../core/graph.ts'
import { type LoadNode, type Node, type NodeId, relationKey, relationsOf } from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { RunEffects } from '../core/run-event.ts'
import { isFailure, type NodeResult, type RunResult } from '../core/run-result.ts'
import {
  migrateStore,
  type RunOwner,
  readDefinitions,
  readPublished,
  recordPublications,
  recordRunFinished,
  recordRunStarted,
  takeAbandonedBuildSchemas,
} from '../store/index.ts'
import { existingRelations, type PublishAction, publish, withRunLock } from '../warehouse/index.ts'
import { createBuildSchemas, dropBuildSchemas } from './build-schemas.ts'
import { fingerprintDefinitions } from './definition-fingerprints.ts'
import { execute, type OnBuilt, skipped } from './execute.ts'
import { runHooksOfPublished } from './hooks.ts'
import { fingerprintLoads } from './load-fingerprint.ts'
import { makeRunContext } from './make-run-context.ts'
import { makePlan } from './plan.ts'
import { runEndHooks, runStartHooks } from './project-hooks.ts'
import { makeBuilds } from './relations.ts'
import type { RunContext } from './run-context.ts'
import type { RunRequest } from './run-request.ts'

/*
 * A run: take the lock of the target, look at what stands there, plan, build everything in a schema of the run,
 * and, when all of it has succeeded, publish all of it in one transaction.
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
  await migrateStore(warehouse.control)
  for (const schema of await takeAbandonedBuildSchemas(warehouse.control, owner)) {
    await dropBuildSchemas(warehouse.control, schema)
    effects.emit({
      type: 'log',
      level: 'info',
      message: `dropped ${schema}, left behind by a run that was cut off`,
    })
  }
  const startedAt = effects.clock()
  const { plan, definitionOf } = await planRun(request, startedAt)
  effects.emit({
    type: 'run_started',
    plan,
    nodeNames: Object.fromEntries(plan.steps.map(({ nodeId }) => [nodeId, manifest.nodes[nodeId]!.name])),
  })
  await recordRunStarted(warehouse.control, owner, plan)
  const published = plan.steps.flatMap(({ nodeId }) => relationsOf(manifest.nodes[nodeId]!))
  let result: RunResult
  try {
    await createBuildSchemas(warehouse.control, plan.buildSchema, published)
    result = await buildAndPublish(request, plan, definitionOf, startedAt, effects)
  } finally {
    await dropBuildSchemas(warehouse.control, plan.buildSchema)
  }
  await recordRunFinished(warehouse.control, result, effects.clock())
  effects.emit({ type: 'run_finished', result })
  return result
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
  | 'projectRoot'
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
  }
  const graph = makeGraph(manifest)
  const definitionOf = await fingerprintDefinitions(request, graph)
  const plan = makePlan(manifest, graph, nodeIds, state, {
    definitionOf,
    runId,
    startedAt,
    command,
    publish: request.publish,
    fullRefresh,
    loadFingerprints: fingerprintLoads(
      selected.filter(isLoad),
      manifest.vars,
      request.renderer,
      request.projectRoot,
    ),
  })
  return { plan, definitionOf }
}

function isLoad(node: Node): node is LoadNode {
  return node.resourceType === 'load'
}

async function buildAndPublish(
  request: RunRequest,
  plan: Plan,
  definitionOf: FingerprintOf,
  startedAt: Date,
  effects: RunEffects,
): Promise<RunResult> {
  const context = makeRunContext(request, plan, makeBuilds(), effects)
  // A comment that cannot be made is one mistake, and not one of every node.
  context.commentOf(null)
  const onBuilt: OnBuilt = async (step, outcome) => {
    if (plan.publish !== 'node') return
    await publishActions(outcome.publish, [step.nodeId], definitionOf, context)
    for (const { published } of outcome.publish) context.builds.publish(published)
  }
  const problems: Problem[] = []
  const begun = await collecting(problems, () => runStartHooks(context))
  const { results, publish: actions } = begun
    ? await execute(context, onBuilt)
    : { results: plan.steps.map((step) => skipped(step, 'on-run-start failed')), publish: [] }
  const cancelled = effects.signal.aborted
  const allWell = begun && !cancelled && !results.some(({ status }) => isFailure(status))
  let published = plan.publish === 'node' && actions.length > 0
  let publishMs: number | null = null
  if (plan.publish === 'run' && allWell && actions.length > 0) {
    await collecting(problems, async () => {
      publishMs = await publishRun(actions, results, definitionOf, context)
      published = true
    })
  }
  if (begun && !cancelled) await collecting(problems, () => runEndHooks(results, context))
  if (cancelled)
    problems.push(
      makeProblem('cancelled', 'the run was cancelled', { hint: 'what was built has been dropped' }),
    )
  return {
    runId: plan.runId,
    command: plan.command,
    status: cancelled ? 'cancelled' : allWell && problems.length === 0 ? 'success' : 'failed',
    startedAt: plan.startedAt,
    elapsedMs: effects.clock().getTime() - startedAt.getTime(),
    published,
    publishMs,
    results,
    problems,
  }
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

/** Publishes everything at once; returns how long that took. */
async function publishRun(
  actions: readonly PublishAction[],
  results: readonly NodeResult[],
  definitionOf: FingerprintOf,
  context: RunContext,
): Promise<number> {
  const { clock, emit } = context.effects
  const from = clock().getTime()
  emit({ type: 'publish_started', relations: actions.length })
  const built = results.filter(({ status }) => status === 'success').map(({ nodeId }) => nodeId)
  await publishActions(actions, built, definitionOf, context)
  const durationMs = clock().getTime() - from
  emit({ type: 'publish_finished', relations: actions.length, durationMs })
  return durationMs
}

async function publishActions(
  actions: readonly PublishAction[],
  nodeIds: readonly NodeId[],
  definitionOf: FingerprintOf,
  context: RunContext,
): Promise<void> {
  const { warehouse, manifest, plan, effects } = context
  if (actions.length === 0) return
  const fingerprints = new Map(plan.steps.map((step) => [step.nodeId, step.fingerprint ?? null]))
  const publications = nodeIds.flatMap((nodeId) =>
    relationsOf(manifest.nodes[nodeId]!).map((relation) => ({
      relation,
      nodeId,
      fingerprint: fingerprints.get(nodeId) ?? null,
      definition: definitionOf(nodeId),
    })),
  )
  await publish(warehouse, actions, {
    signal: effects.signal,
    buildSchema: plan.buildSchema,
    within: async (session) => {
      await runHooksOfPublished(session, nodeIds, context)
      await recordPublications(session, plan.runId, effects.clock(), publications)
    },
  })
}
