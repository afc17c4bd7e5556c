import type { CausalOutcome } from '../../../core/causal-spec.ts'
import { type Block, heading, table } from '../../document/document.ts'
import { spoken } from '../../experiment/memo/words.ts'
import type { DidMemoInput } from './memo-input.ts'

/** What is shown of checks and refuters. */
export interface ShownChecks extends Pick<DidMemoInput, 'checks' | 'refutations'> {
  readonly spec: { readonly outcomes: readonly CausalOutcome[] }
}

/** What was checked, in a table. */
export function checksPart({ checks, spec }: ShownChecks): Block[] {
  const several = spec.outcomes.length > 1
  return [
    heading(2, 'What was checked'),
    table(
      ['check', ...(several ? ['outcome'] : []), 'verdict', ''],
      checks.map((row) => [
        ...[spoken(row.checkName), ...(several ? [row.outcome ?? ''] : [])],
        ...[spoken(row.verdict), row.message],
      ]),
    ),
  ]
}

/** What tried to refute the answer, in a table. */
export function refutationsPart({ refutations, spec }: ShownChecks): Block[] {
  if (refutations.length === 0) return []
  const several = spec.outcomes.length > 1
  return [
    heading(2, 'What tried to refute it'),
    table(
      [...(several ? ['outcome'] : []), 'attempt', 'of', 'verdict', ''],
      refutations.map((row) => [
        ...(several ? [row.outcome] : []),
        ...[spoken(row.refuter), spoken(row.method), spoken(row.verdict), row.message],
      ]),
    ),
  ]
}
