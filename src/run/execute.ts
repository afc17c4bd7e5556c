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

/** Carries out every step of the context's plan. */
export async function execute(context: RunContext, onBuilt: OnBuilt): Promise<Execution> {
  const { plan, effects, threads } = context
  const total = plan.steps.length
  const stepOf = new Map(plan.steps.map((step) => [step.nodeId, step]))
  const results = new Map<NodeId, NodeResult>()
  const outcomes = new Map<NodeId, StepOutcome>()
  const passedOver = new Set<NodeId>()
  let running = 0
  let broken: { readonly error: unknown } | undefined
  let wake = (): void => {}
  const places = makeThreadPlaces(threads, plan, context.manifest)
  const queue = queueOf(context)
  let stopping = false

  const skipAll = (steps: readonly Step[], message: string): void => {
    const pending = steps.map((step) => ({ step, message }))
    for (let next = pending.shift(); next; next = pending.shift()) {
      const { nodeId } = next.step
      finish(skipped(next.step, next.message))
      const why = `${nameOf(nodeId, context)} was skipped`
      pending.push(...queue.block(nodeId).map((step) => ({ step, message: why })))
    }
  }

  const finish = (result: NodeResult): void => {
    results.set(result.nodeId, result)
    effects.emit({ type: 'node_finished', index: results.size, total, result })
  }

  const goOn = async (result: NodeResult): Promise<void> => {
    const { nodeId } = result
    if (!isFailure(result.status)) return queue.letThrough(nodeId)
    // What does not begin any more has nothing to do with this node.
    if (effects.signal.aborted) return
    if (endsTheRun(result, context)) stopping = true
    const passed = stopping ? null : await passOver(nodeId, context)
    if (passed) passedOver.add(nodeId)
    if (passed?.isReadable) return queue.letThrough(nodeId)
    const why = passed ? ', and nothing of it is published' : ''
    skipAll(queue.block(nodeId), `${nameOf(nodeId, context)} failed${why}`)
  }

  const start = (step: Step): void => {
    const thread = places.take(step)
    const { nodeId } = step
    const at = effects.clock()
    const index = results.size + ++running
    effects.emit({ type: 'node_started', nodeId, index, total, at: at.toISOString() })
    const work = carryOut(step, context, onBuilt).then(async ({ outcome, ...ended }) => {
      if (outcome) outcomes.set(nodeId, outcome)
      if (outcome) context.standing.push(...builtRelations(outcome.publish))
      const finishedAt = effects.clock()
      const result: NodeResult = {
        nodeId,
        startedAt: at.toISOString(),
        finishedAt: finishedAt.toISOString(),
        durationMs: finishedAt.getTime() - at.getTime(),
        thread,
        ...ended,
      }
      finish(result)
      queue.giveBack(nodeId)
      await goOn(result)
      places.giveBack(step, thread)
      running--
    })
    work
      .catch((error: unknown) => {
        broken ??= { error }
      })
      .finally(() => wake())
  }

  for (;;) {
    const stopped = (): boolean => stopping || effects.signal.aborted
    if (stopped()) for (const step of queue.drain()) finish(skipped(step, 'the run was stopped'))
    while (!stopped()) {
      const step = queue.take(places.isFree)
      if (!step) break
      start(step)
    }
    if (running === 0) break
    // A race of all that runs would begin anew with each that ends, for dozens of others each time.
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    if (broken) throw broken.error
  }
  const ordered = [...stepOf.keys()]
  return {
    results: ordered.map((id) => results.get(id)!),
    outcomes: new Map(ordered.flatMap((id) => (outcomes.has(id) ? [[id, outcomes.get(id)!] as const] : []))),
    passedOver,
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
