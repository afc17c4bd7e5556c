import { type Node, relationKey } from '../core/node.ts'
import type { Step, StepAction } from '../core/plan.ts'
import type { Problem } from '../core/problem.ts'
import type { NodeResult } from '../core/run-result.ts'
import { ServerError } from '../warehouse/index.ts'
import { BatchesError } from './batches-error.ts'
import { clearBuilds } from './clear-builds.ts'
import { recordStatements } from './record-statements.ts'
import { retryNode } from './retry-node.ts'
import type { RunContext, StepOutcome } from './run-context.ts'
import { problemsOf } from './sql-problem.ts'
import { runStep } from './steps/run-step.ts'
import { withOlderRowsHint } from './tell-older-rows.ts'

/*
 * One step from its beginning to its end, tried again where it fails for a reason that passes.
 */

/** Called when a step has been built; publishes it at once in publish mode 'node'. */
export type OnBuilt = (step: Step, outcome: StepOutcome) => Promise<void>

/** How a step ended. */
export type Ended = Pick<
  NodeResult,
  'status' | 'rows' | 'badRows' | 'message' | 'command' | 'problem' | 'compiledCode' | 'batches' | 'attempts'
> & {
  readonly outcome?: StepOutcome | undefined
}

/** Runs one step to its end, whatever it is. */
export async function carryOut(step: Step, context: RunContext, onBuilt: OnBuilt): Promise<Ended> {
  const node = context.manifest.nodes[step.nodeId]!
  const { onExecuted } = context.effects
  const own = context.forNode(node.id)
  const recorded = onExecuted && recordStatements(own.warehouse, isTest(node))
  const tries = { made: 1 }
  try {
    const working = recorded ? { ...own, warehouse: recorded.warehouse } : own
    // What is published has been published once and for all, so only building is tried again.
    const outcome = await retryNode(
      node,
      working,
      {
        clear: () => clearBuilds(node, own),
        onTry: (attempt) => {
          tries.made = attempt
        },
      },
      () => runStep(node, step, working),
    )
    await onBuilt(step, outcome)
    if (outcome.failed) throw new BatchesError(outcome.failed, outcome.batches ?? [], outcome)
    return { ...succeeded(node, step, outcome, context), ...attempts(tries.made) }
  } catch (error) {
    return { ...failed(error, step, context), ...attempts(tries.made) }
  } finally {
    if (recorded) onExecuted(node.id, recorded.statements())
  }
}

function attempts(made: number): Pick<NodeResult, 'attempts'> {
  return made > 1 ? { attempts: made } : {}
}

function succeeded(node: Node, step: Step, outcome: StepOutcome, context: RunContext): Ended {
  const { rows, badRows, message, command, compiledCode, verdict, batches } = outcome
  const status = verdict ?? statusOf(step.action)
  const problem =
    verdict === 'fail' || verdict === 'warn' ? testProblem(node, outcome, verdict, context) : undefined
  return {
    status,
    rows,
    message,
    ...(command !== undefined && { command }),
    ...(badRows !== undefined && { badRows }),
    ...(compiledCode !== undefined && { compiledCode }),
    ...(batches && { batches }),
    ...(problem && { problem }),
    outcome,
  }
}

function failed(error: unknown, step: Step, context: RunContext): Ended {
  const node = context.manifest.nodes[step.nodeId]!
  const compiled = context.compiledOf(node.id)
  const { timeoutMs } = context.configOf(node.id)
  const [problem] = problemsOf(error, node, compiled, context.renderer, timeoutMs)
  const isColumnMissing = error instanceof ServerError && error.failure.sqlstate === undefinedColumn
  return {
    status: 'error',
    rows: null,
    message: problem!.message,
    problem: isColumnMissing ? withOlderRowsHint(problem!, step, context) : problem!,
    ...(compiled && { compiledCode: compiled.text }),
    ...(error instanceof BatchesError && { batches: error.batches, outcome: error.outcome }),
  }
}

const undefinedColumn = '42703'

function isTest({ resourceType }: Node): boolean {
  return resourceType === 'test' || resourceType === 'unit_test'
}

function statusOf(action: StepAction): NodeResult['status'] {
  if (action === 'none') return 'no-op'
  return action === 'reuse' ? 'reused' : 'success'
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
