import { type Block, heading, table } from '../../document/document.ts'
import { spoken } from '../../experiment/memo/words.ts'
import type { CausalMemoInput } from './memo-input.ts'

/** What tried to refute the answer, and what came of it. */
export function refutationsPart({ refutations, spec }: CausalMemoInput): Block[] {
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
