import type { NodeId } from '../core/node.ts'
import type { Step } from '../core/plan.ts'
import { isFailure, type NodeResult } from '../core/run-result.ts'
import { builtRelations } from './built-relations.ts'
import { carryOut, type OnBuilt } from './carry-out.ts'
import { endsTheRun, passOver } from './on-error.ts'
import type { RunContext, StepOutcome } from './run-context.ts'
import { scheduleOrder } from './schedule-order.ts'
import { makeStepQueue } from './step-queue.ts'
import { isSentTogether, makeThreadPlaces } from './thread-places.ts'

/*
 * Executing a plan: steps start as soon as everything they wait for has succeeded, those with the longest way before
 * them first, as many at once as there are threads and as their pools have room for. A failed step's descendants are
 * skipped, the rest goes on; a failure is a result, not an exception.
 *
 *   waiting ──all succeeded──▶ running ──▶ success | pass | warn | reused
 *      │                        │  ▲ └───▶ error | fail
 *      │                        └──┘ └───▶ no-op, where there is nothing to run
 *      │                  tried again
 *      └──one failed or skipped, or nothing more is to start──▶ skipped
 *
 * A node whose failure is to be passed over (on_error: continue) lets its descendants through, which then read what is
 * published of it.
 */

export interface Execution {
  readonly results: readonly NodeResult[]
  /** What the steps have done that came to an end of their own, in plan order. */
  readonly outcomes: ReadonlyMap<NodeId, StepOutcome>
  /** Nodes whose failure keeps nothing from being published. */
  readonly passedOver: ReadonlySet<NodeId>
}

/** Where an execution stands. */
interface Course {
  readonly context: RunContext
  readonly onBuilt: OnBuilt
  readonly queue: ReturnType<typeof queueOf>
  readonly places: ReturnType<typeof makeThreadPlaces>
  readonly results: Map<NodeId, NodeResult>
  readonly outcomes: Map<NodeId, StepOutcome>
  readonly passedOver: Set<NodeId>
  /** How many steps are being carried out. */
  running: number
  /** Whether nothing more is to begin, since a node has failed. */
  stopping: boolean
  /** What was thrown that is no node's failure. */
  broken?: { readonly error: unknown }
  /** Called whenever a step has ended. */
  wake: () => void
}

/** Carries out every step of the context's plan. */
export async function execute(context: RunContext, onBuilt: OnBuilt): Promise<Execution> {
  const course: Course = {
    context,
    onBuilt,
    queue: queueOf(context),
    places: makeThreadPlaces(context.threads, context.plan, context.manifest),
    results: new Map(),
    outcomes: new Map(),
    passedOver: new Set(),
    running: 0,
    stopping: false,
    wake: () => {},
  }
  for (;;) {
    beginSteps(course)
    if (course.running === 0) break
    // A race of all that runs would begin anew with each that ends, for dozens of others each time.
    await new Promise<void>((resolve) => {
      course.wake = resolve
    })
    if (course.broken) throw course.broken.error
  }
  const { results, outcomes, passedOver } = course
  const ordered = context.plan.steps.map(({ nodeId }) => nodeId)
  return {
    results: ordered.map((id) => results.get(id)!),
    outcomes: new Map(ordered.flatMap((id) => (outcomes.has(id) ? [[id, outcomes.get(id)!] as const] : []))),
    passedOver,
  }
}

/** Begins what may begin; where the run is stopped, what has not begun is skipped. */
function beginSteps(course: Course): void {
  const { queue, places } = course
  while (!isStopped(course)) {
    const step = queue.take(places.isFree)
    if (!step) return
    start(course, step)
  }
  for (const step of queue.drain()) finish(course, skipped(step, 'the run was stopped'))
}

function isStopped({ stopping, context }: Course): boolean {
  return stopping || context.effects.signal.aborted
}

/** Begins to carry out a step; whoever waits is woken when it has ended. */
function start(course: Course, step: Step): void {
  const { context, places, results } = course
  const thread = places.take(step)
  const at = context.effects.clock()
  const index = results.size + ++course.running
  const total = context.plan.steps.length
  context.effects.emit({ type: 'node_started', nodeId: step.nodeId, index, total, at: at.toISOString() })
  const work = async (): Promise<void> => {
    const result = await resultOf(course, step, { thread, at })
    finish(course, result)
    course.queue.giveBack(step.nodeId)
    await goOn(course, result)
    places.giveBack(step, thread)
    course.running--
  }
  work()
    .catch((error: unknown) => {
      course.broken ??= { error }
    })
    .finally(() => course.wake())
}

/** Carries out a step to its end, and keeps what it has done. */
async function resultOf(
  { context, onBuilt, outcomes }: Course,
  step: Step,
  { thread, at }: { readonly thread: number; readonly at: Date },
): Promise<NodeResult> {
  const { outcome, ...ended } = await carryOut(step, context, onBuilt)
  if (outcome) outcomes.set(step.nodeId, outcome)
  if (outcome) context.standing.push(...builtRelations(outcome.publish))
  const finishedAt = context.effects.clock()
  return {
    nodeId: step.nodeId,
    startedAt: at.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: finishedAt.getTime() - at.getTime(),
    thread,
    ...ended,
  }
}

function finish({ context, results }: Course, result: NodeResult): void {
  results.set(result.nodeId, result)
  const total = context.plan.steps.length
  context.effects.emit({ type: 'node_finished', index: results.size, total, result })
}

/** Lets through what waits for a node that has ended, or skips it. */
async function goOn(course: Course, result: NodeResult): Promise<void> {
  const { context, queue, passedOver } = course
  const { nodeId } = result
  if (!isFailure(result.status)) return queue.letThrough(nodeId)
  // What does not begin any more has nothing to do with this node.
  if (context.effects.signal.aborted) return
  if (endsTheRun(result, context)) course.stopping = true
  const passed = course.stopping ? null : await passOver(nodeId, context)
  if (passed) passedOver.add(nodeId)
  if (passed?.isReadable) return queue.letThrough(nodeId)
  const why = passed ? ', and nothing of it is published' : ''
  skipAll(course, queue.block(nodeId), `${nameOf(nodeId, context)} failed${why}`)
}

/** Skips steps, and what waits for them. */
function skipAll(course: Course, steps: readonly Step[], message: string): void {
  const { context, queue } = course
  const pending = steps.map((step) => ({ step, message }))
  for (let next = pending.shift(); next; next = pending.shift()) {
    const { nodeId } = next.step
    finish(course, skipped(next.step, next.message))
    const why = `${nameOf(nodeId, context)} was skipped`
    pending.push(...queue.block(nodeId).map((step) => ({ step, message: why })))
  }
}

function queueOf({ plan, manifest, configOf, pools, secondsOf }: RunContext) {
  const ranks = scheduleOrder(plan.steps, secondsOf)
  return makeStepQueue(plan.steps, {
    rankOf: (id) => ranks.get(id)!,
    poolOf: (id) => configOf(id).pool,
    kindOf: (step) => (isSentTogether(step, plan, manifest) ? 'together' : 'alone'),
    limits: pools,
  })
}

function nameOf(id: NodeId, { manifest }: RunContext): string {
  return manifest.nodes[id]!.name
}

/** The result of a step that is not carried out. */
export function skipped(step: Step, message: string): NodeResult {
  return {
    nodeId: step.nodeId,
    status: 'skipped',
    startedAt: null,
    finishedAt: null,
    durationMs: 0,
    rows: null,
    message,
    thread: null,
  }
}
