import { makeGraph } from '../../core/graph.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { ModelNode, NodeId } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { RunEffects, RunEvent } from '../../core/run-event.ts'
import type { NodeResult, RunResult, RunStatus } from '../../core/run-result.ts'
import { planRun } from '../plan-run.ts'
import { runNodes } from '../run.ts'
import type { RunRequest } from '../run-request.ts'
import {
  type BackfillChunk,
  type BackfillOptions,
  type BackfillPlan,
  type ModelBackfill,
  planBackfill,
} from './plan-backfill.ts'

/*
 * A backfill builds stretches of the past, model after model, chunk after chunk. Each chunk is a run of its own: it is
 * built in the dark by as many batches at once as there are threads, and published with its line in the ledger. So
 * whatever ends a backfill, the chunks that were published stay and are not built again by the next one.
 */

/** What a backfill needs to know; the rest of a run's request it decides itself. */
export type BackfillRequest = Omit<RunRequest, 'runId' | 'chosenTimes' | 'eventTime' | 'fullRefresh'>

export interface BackfillEffects extends Omit<RunEffects, 'emit'> {
  readonly emit: (event: BackfillEvent) => void
  readonly newId: () => string
}

/** What a backfill says while it works. */
export type BackfillEvent =
  | { readonly type: 'backfill_started'; readonly plan: BackfillPlan }
  | { readonly type: 'chunk_started'; readonly nodeId: NodeId; readonly chunk: BackfillChunk }
  | { readonly type: 'chunk_event'; readonly nodeId: NodeId; readonly event: RunEvent }
  | {
      readonly type: 'chunk_finished'
      readonly nodeId: NodeId
      readonly chunk: BackfillChunk
      readonly result: RunResult
    }
  | { readonly type: 'model_skipped'; readonly nodeId: NodeId; readonly because: NodeId }

export interface BackfillResult {
  readonly status: RunStatus
  readonly startedAt: string
  readonly elapsedMs: number
  readonly models: readonly ModelBackfillResult[]
  /** What went wrong outside any batch. */
  readonly problems: readonly Problem[]
}

export interface ModelBackfillResult {
  readonly nodeId: NodeId
  /** `success` also where nothing was left to build. */
  readonly status: 'success' | 'failed' | 'skipped' | 'cancelled'
  /** Batches that are published, and all that there were to build. */
  readonly batches: { readonly done: number; readonly total: number }
  readonly rows: number
  /** The runs that built its chunks, in their order. */
  readonly runs: readonly RunResult[]
}

/** Looks at the warehouse and plans a backfill of the models among the nodes; has no effect on it. */
export async function lookForBackfill(
  request: BackfillRequest & { readonly runId: string },
  options: BackfillOptions,
): Promise<BackfillPlan> {
  const models = modelsAmong(request.manifest, request.nodeIds)
  const ids = [...models.keys()]
  // Times that are named keep a plan from building anything anew.
  const chosenTimes = new Map(ids.map((id) => [id, []]))
  const { plan } = await planRun({ ...request, nodeIds: ids, fullRefresh: false, chosenTimes }, options.now)
  return planBackfill(plan.steps, models, options)
}

function modelsAmong({ nodes }: Manifest, ids: readonly NodeId[]): ReadonlyMap<NodeId, ModelNode> {
  const models = ids.flatMap((id) => {
    const node = nodes[id]!
    return node.resourceType === 'model' ? [node] : []
  })
  return new Map(models.map((model) => [model.id, model]))
}

/** Carries out a plan. What reads a model that could not be built wholly is left alone. */
export async function backfill(
  request: BackfillRequest,
  plan: BackfillPlan,
  effects: BackfillEffects,
): Promise<BackfillResult> {
  const { clock, emit, signal } = effects
  const startedAt = clock()
  emit({ type: 'backfill_started', plan })
  const graph = makeGraph(request.manifest)
  const results = new Map<NodeId, ModelBackfillResult>()
  for (const model of plan.models) {
    const { nodeId, chunks } = model
    const ancestors = graph.ancestors(nodeId)
    const broken = [...results.values()].find((result) => isBroken(result) && ancestors.has(result.nodeId))
    const stopped = request.failFast && [...results.values()].some(isBroken)
    if (broken && chunks.length > 0) emit({ type: 'model_skipped', nodeId, because: broken.nodeId })
    const runs = broken || stopped || signal.aborted ? [] : await runChunks(model, request, effects)
    results.set(nodeId, summed(model, runs, signal.aborted))
  }
  const models = [...results.values()]
  return {
    status: signal.aborted ? 'cancelled' : models.some(isBroken) ? 'failed' : 'success',
    startedAt: startedAt.toISOString(),
    elapsedMs: clock().getTime() - startedAt.getTime(),
    models,
    problems: models.flatMap(({ runs }) => runs.flatMap(({ problems }) => problems)),
  }
}

/** A chunk that fails keeps the others from nothing, unless they read what it should have built. */
async function runChunks(
  { nodeId, chunks, inOrder }: ModelBackfill,
  request: BackfillRequest,
  { emit, newId, ...effects }: BackfillEffects,
): Promise<RunResult[]> {
  const runs: RunResult[] = []
  for (const chunk of chunks) {
    emit({ type: 'chunk_started', nodeId, chunk })
    const run: RunRequest = {
      ...request,
      runId: newId(),
      nodeIds: [nodeId],
      fullRefresh: false,
      chosenTimes: new Map([[nodeId, chunk.intervals]]),
    }
    const tell = (event: RunEvent): void => emit({ type: 'chunk_event', nodeId, event })
    const result = await runUnlessCancelled(run, { ...effects, emit: tell })
    if (!result) break
    runs.push(result)
    emit({ type: 'chunk_finished', nodeId, chunk, result })
    if (effects.signal.aborted || (result.status !== 'success' && (inOrder || request.failFast))) break
  }
  return runs
}

/** A run that is cancelled before it has begun has no result. */
async function runUnlessCancelled(request: RunRequest, effects: RunEffects): Promise<RunResult | null> {
  try {
    return await runNodes(request, effects)
  } catch (error) {
    if (effects.signal.aborted) return null
    throw error
  }
}

/** What the runs of a model's chunks come to. */
function summed(
  { nodeId, chunks }: ModelBackfill,
  runs: readonly RunResult[],
  isCancelled: boolean,
): ModelBackfillResult {
  const live = runs.filter(({ published }) => published).flatMap(({ results }) => results)
  const done = live.flatMap(({ batches = [] }) => batches).filter(({ status }) => status === 'success').length
  const total = chunks.reduce((sum, { batches }) => sum + batches, 0)
  const status =
    done === total ? 'success' : isCancelled ? 'cancelled' : runs.length > 0 ? 'failed' : 'skipped'
  return { nodeId, status, batches: { done, total }, rows: rowsOf(live), runs }
}

function rowsOf(results: readonly NodeResult[]): number {
  return results.reduce((sum, { rows, batches = [] }) => {
    // Of a node that failed in part only the batches tell.
    return sum + (rows ?? batches.reduce((all, batch) => all + (batch.rows ?? 0), 0))
  }, 0)
}

/** Whether a model lacks some of what it should have got. */
function isBroken({ status }: ModelBackfillResult): boolean {
  return status !== 'success'
}
