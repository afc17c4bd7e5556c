import { type Node, type NodeId, relationKey } from '../core/node.ts'
import type { Step, StepAction } from '../core/plan.ts'
import type { Problem } from '../core/problem.ts'
import { isFailure, type NodeResult } from '../core/run-result.ts'
import { BatchesError } from './batches-error.ts'
import { recordStatements } from './record-statements.ts'
import type { RunContext, StepOutcome } from './run-context.ts'
import { problemsOf } from './sql-problem.ts'
import { runAnalysis } from './steps/job.ts'
import { runLoad } from './steps/load.ts'
import { runModel } from './steps/model.ts'
import { runSeed } from './steps/seed.ts'
import { runSnapshot } from './steps/snapshot.ts'
import { runTest } from './steps/test.ts'
import { runUnitTest } from './steps/unit-test.ts'
import { makeThreadPlaces } from './thread-places.ts'

/*
 * Executing a plan: steps start as soon as everything they wait for has succeeded, as many at once as there are
 * threads. A failed step's descendants are skipped, the rest goes on; a failure is a result, not an exception.
 *
 *   waiting ──all succeeded──▶ running ──▶ success | pass | warn | reused
 *      │                          ├──────▶ error | fail
 *      │                          └──────▶ no-op, where there is nothing to run
 *      └──one failed or skipped, or nothing more is to start──▶ skipped
 */

export interface Execution {
  readonly results: readonly NodeResult[]
  /** What the steps have done that came to an end of their own, in plan order. */
  readonly outcomes: ReadonlyMap<NodeId, StepOutcome>
}

/** Called when a step has been built; publishes it at once in publish mode 'node'. */
export type OnBuilt = (step: Step, outcome: StepOutcome) => Promise<void>

/** Carries out every step of the context's plan. */
export async function execute(context: RunContext, onBuilt: OnBuilt): Promise<Execution> {
  const { plan, effects, threads, failFast } = context
  const total = plan.steps.length
  const results = new Map<NodeId, NodeResult>()
  const outcomes = new Map<NodeId, StepOutcome>()
  const waiting = new Set(plan.steps)
  const running = new Map<NodeId, Promise<void>>()
  const places = makeThreadPlaces(threads, plan, context.manifest)
  let stopping = false

  const finish = (step: Step, result: NodeResult): void => {
    results.set(step.nodeId, result)
    effects.emit({ type: 'node_finished', index: results.size, total, result })
    if (failFast && isFailure(result.status)) stopping = true
  }

  const start = (step: Step): void => {
    const thread = places.take(step)
    const at = effects.clock()
    effects.emit({
      type: 'node_started',
      nodeId: step.nodeId,
      index: results.size + running.size + 1,
      total,
      at: at.toISOString(),
    })
    const work = carryOut(step, context, onBuilt).then(({ outcome, ...ended }) => {
      if (outcome) outcomes.set(step.nodeId, outcome)
      places.giveBack(step, thread)
      running.delete(step.nodeId)
      const finishedAt = effects.clock()
      finish(step, {
        nodeId: step.nodeId,
        startedAt: at.toISOString(),
        finishedAt: finishedAt.toISOString(),
        durationMs: finishedAt.getTime() - at.getTime(),
        thread,
        ...ended,
      })
    })
    running.set(step.nodeId, work)
  }

  while (waiting.size > 0 || running.size > 0) {
    const stopped = stopping || effects.signal.aborted
    for (const step of waiting) {
      const blocker = step.dependsOn.find((id) => blocks(results.get(id)))
      if (stopped || blocker !== undefined) {
        waiting.delete(step)
        finish(
          step,
          skipped(
            step,
            blocker === undefined
              ? 'the run was stopped'
              : skipReason(blocker, results.get(blocker)!, context),
          ),
        )
      } else if (places.isFree(step) && step.dependsOn.every((id) => results.has(id))) {
        waiting.delete(step)
        start(step)
      }
    }
    if (running.size > 0) await Promise.race(running.values())
  }
  const ordered = plan.steps.map(({ nodeId }) => nodeId)
  const done = ordered.filter((id) => outcomes.has(id))
  return {
    results: ordered.map((id) => results.get(id)!),
    outcomes: new Map(done.map((id) => [id, outcomes.get(id)!])),
  }
}

type Ended = Pick<NodeResult, 'status' | 'rows' | 'message' | 'problem' | 'compiledCode' | 'batches'> & {
  readonly outcome?: StepOutcome | undefined
}

/** Runs one step to its end, whatever it is. */
async function carryOut(step: Step, context: RunContext, onBuilt: OnBuilt): Promise<Ended> {
  const node = context.manifest.nodes[step.nodeId]!
  const { onExecuted } = context.effects
  const own = context.forNode(node.id)
  const recorded = onExecuted && recordStatements(own.warehouse, isTest(node))
  try {
    const outcome = await runStep(node, step, recorded ? { ...own, warehouse: recorded.warehouse } : own)
    await onBuilt(step, outcome)
    if (outcome.failed) throw new BatchesError(outcome.failed, outcome.batches ?? [], outcome)
    const { rows, message, compiledCode, verdict, batches } = outcome
    const status = verdict ?? statusOf(step.action)
    const problem =
      verdict === 'fail' || verdict === 'warn' ? testProblem(node, outcome, verdict, context) : undefined
    return {
      status,
      rows,
      message,
      ...(compiledCode !== undefined && { compiledCode }),
      ...(batches && { batches }),
      ...(problem && { problem }),
      outcome,
    }
  } catch (error) {
    const compiled = context.compiledOf(node.id)
    const [problem] = problemsOf(error, node, compiled, context.renderer)
    return {
      status: 'error',
      rows: null,
      message: problem!.message,
      problem: problem!,
      ...(compiled && { compiledCode: compiled.text }),
      ...(error instanceof BatchesError && { batches: error.batches, outcome: error.outcome }),
    }
  } finally {
    if (recorded) onExecuted(node.id, recorded.statements())
  }
}

function isTest({ resourceType }: Node): boolean {
  return resourceType === 'test' || resourceType === 'unit_test'
}

function statusOf(action: StepAction): NodeResult['status'] {
  if (action === 'none') return 'no-op'
  return action === 'reuse' ? 'reused' : 'success'
}

function runStep(node: Node, step: Step, context: RunContext): Promise<StepOutcome> {
  switch (node.resourceType) {
    case 'load':
      return runLoad(node, step, context)
    case 'seed':
      return runSeed(node, step, context)
    case 'model':
      return runModel(node, step, context)
    case 'test':
      return runTest(node, step, context)
    case 'job':
      return runAnalysis(node, step, context)
    case 'snapshot':
      return runSnapshot(node, step, context)
    case 'unit_test':
      return runUnitTest(node, step, context)
    case 'exposure':
    case 'saved_query':
      return Promise.resolve({ rows: null, message: 'NO-OP', publish: [] })
    case 'source':
    case 'analysis':
    case 'metric':
    case 'semantic_model':
      throw new Error(`${node.id} has no step`)
  }
}

function testProblem(
  node: Node,
  outcome: StepOutcome,
  verdict: 'fail' | 'warn',
  context: RunContext,
): Problem {
  const severity = verdict === 'fail' ? 'error' : 'warning'
  const where = whereToLook(node, outcome)
  const hint = [...(outcome.detail ?? []), ...where].join('\n')
  return context.renderer.problem(
    'test-failed',
    `${node.name}: ${outcome.message}`,
    node.place,
    hint,
    severity,
  )
}

function whereToLook(node: Node, { keptIn, rows }: StepOutcome): string[] {
  if (node.resourceType === 'unit_test' || rows === 0) return []
  return keptIn
    ? [`they are kept in ${relationKey(keptIn)}`]
    : [`see all of them: estimand show --select ${node.name}`]
}

/** Whether a result keeps those that wait for it from starting. */
function blocks(result: NodeResult | undefined): boolean {
  return result !== undefined && (isFailure(result.status) || result.status === 'skipped')
}

function skipReason(blocker: NodeId, result: NodeResult, { manifest }: RunContext): string {
  const name = manifest.nodes[blocker]!.name
  return result.status === 'skipped' ? `${name} was skipped` : `${name} failed`
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
