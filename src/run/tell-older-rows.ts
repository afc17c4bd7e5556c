import type { Manifest } from '../core/manifest.ts'
import { keepsOlderRows, remedyForOlderRows } from '../core/older-rows.ts'
import type { Plan, Step } from '../core/plan.ts'
import type { Problem } from '../core/problem.ts'
import type { RunEffects } from '../core/run-event.ts'

/*
 * Telling that an incremental model has changed and its table keeps rows of before: dbt's way, and nobody's wish unless
 * somebody knows of it.
 */

/** Warns of the models that have changed since they were published; `plan` goes on telling of the others. */
export function tellOlderRows(
  { steps }: Plan,
  { nodes }: Pick<Manifest, 'nodes'>,
  { emit }: Pick<RunEffects, 'emit'>,
): void {
  for (const step of steps) {
    if (!keepsOlderRows(step) || !step.history?.why) continue
    const node = nodes[step.nodeId]!
    const message =
      `${node.name} keeps rows that an older definition made (${step.history.why}); ` +
      `anew: ${remedyForOlderRows(step, node)}, or always with on_change: rebuild`
    emit({ type: 'log', level: 'warn', message, nodeId: step.nodeId })
  }
}

/** A failure for want of a column, where the table that lacks it was made by an older definition. */
export function withOlderRowsHint(
  problem: Problem,
  step: Step,
  { plan, manifest }: { readonly plan: Plan; readonly manifest: Pick<Manifest, 'nodes'> },
): Problem {
  const { dependsOn } = manifest.nodes[step.nodeId]!
  const old = plan.steps.find(
    (one) => (one.nodeId === step.nodeId || dependsOn.includes(one.nodeId)) && keepsOlderRows(one),
  )
  if (!old) return problem
  const node = manifest.nodes[old.nodeId]!
  const hint = `the table of ${node.name} is from before its definition changed; make it anew: ${remedyForOlderRows(old, node)}`
  return { ...problem, hint: [problem.hint, hint].filter(Boolean).join('\n') }
}
