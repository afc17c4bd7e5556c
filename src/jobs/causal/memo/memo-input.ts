import type { CausalSpec } from '../../../core/causal-spec.ts'
import type {
  BalanceRow,
  IdentificationRow,
  OverlapRow,
  RefutationRow,
  VerdictRow,
} from '../../../core/causal-tables.ts'
import type { Estimate } from '../../../core/estimate.ts'
import type { CausalFacts } from '../data/fetch-facts.ts'

/** All that a memo is made of: the spec, what was counted, and the rows of the tables. */
export interface CausalMemoInput {
  readonly name: string
  readonly spec: CausalSpec
  readonly facts: CausalFacts
  readonly estimates: readonly Estimate[]
  readonly identification: readonly IdentificationRow[]
  readonly balance: readonly BalanceRow[]
  readonly overlap: readonly OverlapRow[]
  readonly refutations: readonly RefutationRow[]
  readonly verdicts: readonly VerdictRow[]
}
