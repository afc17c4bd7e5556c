import { createHash } from 'node:crypto'
import type { Manifest } from '../core/manifest.ts'
import { type Node, type NodeId, type Relation, relationsOf } from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import type { Problem } from '../core/problem.ts'
import type { RunEffects } from '../core/run-event.ts'
import type { RunResult } from '../core/run-result.ts'
import {
  clearDeadRuns,
  describeHolder,
  forgetKeptBuilds,
  forgetOldBuilds,
  type KeptRun,
  type Lease,
  migrateStore,
  type RunOwner,
  readDurations,
  readKeptRun,
  recordKeptBuilds,
  recordRunFinished,
  recordRunStarted,
  withLease,
} from '../store/index.ts'
import { type AskAgain, makeAskAgain } from './ask-again.ts'
import { type Begun, buildAndPublish, type Ended } from './build-and-publish.ts'
import { createBuildSchemas, dropBuildSchemas } from './build-schemas.ts'
import { collectProblems } from './collect-problems.ts'
import { type Beginning, goOn } from './go-on.ts'
import { keepableBuilds } from './keep-builds.ts'
import { withKnownPublication } from './lost-publication.ts'
import { type PlannedRun, planRun } from './plan-run.ts'
import { isAway, usualRetries } from './retry-policy.ts'
import type { RunRequest } from './run-request.ts'
import { tellOlderRows } from './tell-older-rows.ts'
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
  const askAgain = makeAskAgain(`${runId} looks at the store`, null, effects)
  await askAgain(() => migrateStore(warehouse.control))
  return withLease(
    warehouse,
    {
      ...{ runId, command, startedBy, waitMs, schema },
      project: owner.project,
      relations: request.nodeIds.flatMap((id) => writtenRelations(manifest.nodes[id]!, request)),
      signal: effects.signal,
      askAgain,
      onWaiting: (holders) =>
        effects.emit({ type: 'waiting_for_lock', holder: describeHolder(holders[0]!), holders }),
    },
    (lease) => runLeased(request, lease, owner, effects),
  )
}

/** What a node writes that others see: what it publishes, and for a test the rows that it keeps. */
function writtenRelations(node: Node, { storeFailures }: RunRequest): readonly Relation[] {
  if (node.resourceType === 'function') return [node.relation]
  if (node.resourceType !== 'test') return relationsOf(node)
  const kept = node.storeFailures ?? (storeFailures ? 'table' : 'ephemeral')
  return kept === 'ephemeral' ? [] : [node.relation]
}

/** How long nodes took, or nothing where no connection is to be had: it only says which of them begin. */
async function recordedDurations(
  { warehouse }: RunRequest,
  owner: RunOwner,
  { signal, emit }: RunEffects,
): Promise<ReadonlyMap<NodeId, number>> {
  try {
    return await withRetries({ spec: { retries: 1 }, who: 'durations', signal }, () =>
      warehouse.withSession((session) => readDurations(session, owner)),
    )
  } catch (error) {
    if (!isAway(error)) throw error
    const message = `how long nodes took is not known, so they begin in the order of the graph: ${(error as Error).message}`
    emit({ type: 'log', level: 'warn', message })
    return new Map()
  }
}

async function runLeased(
  request: RunRequest,
  lease: Lease,
  owner: RunOwner,
  effects: RunEffects,
): Promise<RunResult> {
  const { control } = request.warehouse
  const askAgain = makeAskAgain(`${request.runId} begins`, lease, effects)
  const { startedAt, planned, beginning, seconds } = await prepare(request, {
    lease,
    owner,
    effects,
    askAgain,
  })
  const { plan } = beginning
  await askAgain(() => recordRunStarted(control, lease, owner, plan, manifestHash(planned)))
  try {
    await askAgain(() =>
      createBuildSchemas(control, plan.buildSchema, publishedRelations(plan, request.manifest)),
    )
    const begun = { ...beginning, ...planned, plan, lease, owner, seconds: await seconds }
    const ended = await buildAndPublish(request, begun, startedAt, effects)
    const result = await settle(request, begun, ended, effects)
    effects.emit({ type: 'run_finished', result })
    return result
  } catch (error) {
    // The next run does it otherwise, and what went wrong first is what matters.
    await clearUp(request, { plan, lease, owner }).catch(() => {})
    throw error
  }
}

/** A run that knows what it is to do, and has done nothing yet. */
interface Prepared {
  readonly startedAt: Date
  readonly planned: PlannedRun
  readonly beginning: Beginning
  /** How long nodes took before; looked up meanwhile. */
  readonly seconds: Promise<ReadonlyMap<NodeId, number>>
}

/** Clears away what others left, plans, takes over what may be taken of a run before, and tells what is to be done. */
async function prepare(
  request: RunRequest,
  {
    lease,
    owner,
    effects,
    askAgain,
  }: {
    readonly lease: Lease
    readonly owner: RunOwner
    readonly effects: RunEffects
    readonly askAgain: AskAgain
  },
): Promise<Prepared> {
  const { warehouse, manifest, retryOf } = request
  const { control } = warehouse
  const kept = retryOf === undefined ? null : await askAgain(() => readKeptRun(control, owner, retryOf))
  await askAgain(() => dropLeftovers(request, lease, owner, kept, effects))
  const startedAt = effects.clock()
  const planned = await askAgain(() => planRun(request, startedAt))
  // Not before: what is kept depends on who else is connected. From here on the server lets us in while we go on.
  warehouse.warmUp(sessionsFor(planned.plan, request.threads, manifest))
  const seconds = recordedDurations(request, owner, effects)
  seconds.catch(() => {})
  const beginning = await askAgain(() => goOn(request, planned.plan, planned.definitionOf, kept))
  const { plan, adopted } = beginning
  if (kept && plan.buildSchema !== kept.buildSchema)
    await askAgain(() => dropBuildSchemas(control, kept.buildSchema))
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
  tellOlderRows(plan, manifest, effects)
  return { startedAt, planned, beginning, seconds }
}

/** The relations that the steps of a plan make anew or change. */
function publishedRelations({ steps }: Plan, { nodes }: Manifest): Relation[] {
  const built = steps.filter(({ action }) => action !== 'reuse')
  return built.flatMap(({ nodeId }) => {
    const node = nodes[nodeId]!
    return node.resourceType === 'function' ? [node.relation] : relationsOf(node)
  })
}

/** Settles what became of a run, keeps its builds where a retry may go on from them, and writes how it ended. */
async function settle(
  request: RunRequest,
  begun: Begun,
  ended: Ended,
  effects: RunEffects,
): Promise<RunResult> {
  const { control } = request.warehouse
  const { plan, lease, owner } = begun
  const problems: Problem[] = []
  let result = ended.result
  const write = async (): Promise<void> => {
    result = await withKnownPublication(result, ended.context)
    const builds = await keepableBuilds(result, ended.outcomes, ended.context, begun)
    if (builds.length > 0) await recordKeptBuilds(control, lease, owner, plan.runId, builds)
    else await clearUp(request, begun)
    await recordRunFinished(control, lease, result, effects.clock())
  }
  const retrying = { spec: { retries: usualRetries }, who: `${plan.runId} ends`, signal: effects.signal }
  await collectProblems(problems, () => withRetries(retrying, write))
  return withProblems(result, problems)
}

/** Drops everything that the run has built, unless another took its place: that one may go on with what stands there. */
async function clearUp(
  { warehouse: { control } }: RunRequest,
  { plan, lease, owner }: Pick<Begun, 'plan' | 'lease' | 'owner'>,
): Promise<void> {
  await control.transaction(async () => {
    await lease.fence(control)
    await dropBuildSchemas(control, plan.buildSchema)
    await forgetKeptBuilds(control, lease, owner)
  })
}

/** A hash of the definitions of all that is planned: the same for the same state of the project and the same choice. */
function manifestHash({ plan, definitionOf }: PlannedRun): string {
  const definitions = plan.steps.map(({ nodeId }) => [nodeId, definitionOf(nodeId).whole]).sort()
  return createHash('sha256').update(JSON.stringify(definitions)).digest('hex').slice(0, 16)
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
  const tell = (message: string, level: 'info' | 'warn' = 'info') =>
    effects.emit({ type: 'log', level, message })
  const dropped = await clearDeadRuns(control, lease, owner, async (session, schema) => {
    if (schema !== kept?.buildSchema) await dropBuildSchemas(session, schema)
  })
  // The run itself could not say it any more; as a warning it is kept in estimand.events.
  for (const schema of dropped)
    if (schema !== kept?.buildSchema) tell(`dropped ${schema}, left behind by a run that was cut off`, 'warn')
  if (kept) return
  // Both or neither: nobody would find what stands in a schema that is forgotten.
  const forgotten = await control.transaction(async () => {
    const ours = await forgetKeptBuilds(control, lease, owner)
    const schemas = [...ours, ...(await forgetOldBuilds(control, owner))]
    for (const schema of schemas) await dropBuildSchemas(control, schema)
    return schemas
  })
  for (const schema of forgotten) tell(`dropped ${schema}, kept from a run that failed`)
}
