import type { FingerprintOf } from '../compile/fingerprint.ts'
import type { NodeId } from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { RunEffects } from '../core/run-event.ts'
import { type HookResult, isFailure, type RunResult } from '../core/run-result.ts'
import type { Lease, RunOwner } from '../store/index.ts'
import { relationsOfBuild } from './adopt-builds.ts'
import type { OnBuilt } from './carry-out.ts'
import { collectProblems } from './collect-problems.ts'
import { type Execution, execute, skipped } from './execute.ts'
import type { Beginning } from './go-on.ts'
import { type BuildKeeper, makeBuildKeeper } from './keep-builds.ts'
import { isUnknown } from './lost-publication.ts'
import { makeRunContext } from './make-run-context.ts'
import { type HooksEnded, runEndHooks, runStartHooks } from './project-hooks.ts'
import { publishActions, publishRun } from './publish-builds.ts'
import { makeBuilds } from './relations.ts'
import type { RunContext, StepOutcome } from './run-context.ts'
import type { RunRequest } from './run-request.ts'

/** What came of a run, with what has to be known to keep its builds. */
export interface Ended {
  readonly result: RunResult
  readonly outcomes: ReadonlyMap<NodeId, StepOutcome>
  readonly context: RunContext
}

/** A run that has its lease and its plan. */
export interface Begun extends Beginning {
  readonly definitionOf: FingerprintOf
  readonly lease: Lease
  readonly owner: RunOwner
  /** How long nodes took before. */
  readonly seconds: ReadonlyMap<NodeId, number>
}

/** Builds what is planned and, when that has gone well, publishes it; what goes wrong is in the result. */
export async function buildAndPublish(
  request: RunRequest,
  begun: Begun,
  startedAt: Date,
  effects: RunEffects,
): Promise<Ended> {
  const { plan, adopted, seconds, lease } = begun
  effects.emit({ type: 'durations_known', seconds: Object.fromEntries(seconds) })
  let keeper: BuildKeeper | null = null
  const context = contextOf(request, begun, {
    ...effects,
    emit: (event) => {
      if (event.type === 'node_finished') keeper?.ended(event.result)
      effects.emit(event)
    },
  })
  if (request.keepsAsBuilt && plan.publish === 'run') keeper = makeBuildKeeper(context, begun)
  const onBuilt: OnBuilt = async (step, outcome) => {
    keeper?.built(step, outcome)
    await publishEach(begun, context)(step, outcome)
  }
  const problems: Problem[] = []
  const hooks: HookResult[] = []
  const runHooks = (work: () => Promise<HooksEnded>): Promise<boolean> =>
    collectProblems(problems, async () => {
      const ended = await work()
      hooks.push(...ended.results)
      if (ended.problems.length > 0) throw new ProblemError(ended.problems)
    })
  const hasBegun = await runHooks(() => runStartHooks(context))
  const done = hasBegun ? await execute(context, onBuilt) : nothingDone(plan)
  await keeper?.settle()
  const failed = done.results.filter(({ status }) => isFailure(status)).map(({ nodeId }) => nodeId)
  const mayPublish = hasBegun && !effects.signal.aborted && failed.every((id) => done.passedOver.has(id))
  const publication = await publishAll(begun, done, { context, mayPublish, problems })
  const cancelled = effects.signal.aborted && !(publication.published && plan.publish === 'run')
  // Whoever took the place of this run has the last word, also about what runs behind it.
  if (!cancelled && (await collectProblems(problems, () => lease.hold())))
    await runHooks(() => runEndHooks(hasBegun ? done.results : [], context))
  if (cancelled && !problems.some(({ code }) => code === 'cancelled'))
    problems.push(
      makeProblem('cancelled', 'the run was cancelled', { hint: 'what was built has been dropped' }),
    )
  const isGood = hasBegun && failed.length + problems.length === 0
  const result: RunResult = {
    runId: plan.runId,
    command: plan.command,
    status: cancelled ? 'cancelled' : isGood ? 'success' : 'failed',
    startedAt: plan.startedAt,
    elapsedMs: effects.clock().getTime() - startedAt.getTime(),
    ...publication,
    results: done.results,
    ...(hooks.length > 0 && { hooks }),
    buildSchema: plan.buildSchema,
    ...(adopted.length > 0 && { adopted: adopted.map(({ nodeId }) => nodeId) }),
    problems,
  }
  return { result, outcomes: done.outcomes, context }
}

/** What the steps of a run share, with the builds that it goes on from. */
function contextOf(
  request: RunRequest,
  { plan, adopted, inputs, lease, owner, seconds }: Begun,
  effects: RunEffects,
): RunContext {
  const context = makeRunContext(request, {
    ...{ plan, effects, lease, owner },
    secondsOf: (id) => seconds.get(id),
    builds: makeBuilds(),
    functions: makeBuilds(),
    standing: adopted.flatMap(relationsOfBuild),
    inputStates: inputs.states,
  })
  for (const { published, build } of adopted.flatMap(({ builds }) => builds))
    context.builds.add(published, build)
  // A comment that cannot be made is one mistake, and not one of every node.
  context.commentOf(null)
  return context
}

/** What is done with each node that was built: with `--publish node` it goes live. */
function publishEach({ plan, definitionOf }: Begun, context: RunContext): OnBuilt {
  return async (step, outcome) => {
    if (plan.publish !== 'node') return
    await publishActions(outcome.publish, [step.nodeId], definitionOf, context)
    for (const { kind, published } of outcome.publish)
      (kind === 'function' ? context.functions : context.builds).publish(published)
  }
}

/** What has become of publishing; `published` is null where nobody knows. */
type Publication = Pick<RunResult, 'published' | 'publishMs'>

/** Publishes everything at once, where nothing speaks against it and the nodes have not gone live one by one. */
async function publishAll(
  { plan, adopted, definitionOf }: Begun,
  { results, outcomes }: Execution,
  {
    context,
    mayPublish,
    problems,
  }: { readonly context: RunContext; readonly mayPublish: boolean; readonly problems: Problem[] },
): Promise<Publication> {
  // What was adopted stands on nothing that this run has built, so it comes first.
  const actions = [...adopted, ...outcomes.values()].flatMap(({ publish }) => publish)
  if (plan.publish === 'node') return { published: actions.length > 0, publishMs: null }
  if (!mayPublish || actions.length === 0) return { published: false, publishMs: null }
  const built = [
    ...adopted.filter(({ action }) => action !== 'reuse'),
    ...results.filter(({ status }) => status === 'success'),
  ].map(({ nodeId }) => nodeId)
  let publishMs: number | null = null
  const published = await collectProblems(problems, async () => {
    publishMs = await publishRun(actions, built, definitionOf, context)
  })
  return { published: problems.some(isUnknown) ? null : published, publishMs }
}

function nothingDone(plan: Plan): Execution {
  const results = plan.steps.map((step) => skipped(step, 'on-run-start failed'))
  return { results, outcomes: new Map(), passedOver: new Set() }
}
