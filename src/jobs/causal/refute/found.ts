import type { CausalEstimand, CausalEstimator, CausalSpec } from '../../../core/causal-spec.ts'
import type { RefutationRow } from '../../../core/causal-tables.ts'
import type { Estimate } from '../../../core/estimate.ts'
import type { CausalData } from '../causal-data.ts'
import type { OutcomeEstimates } from '../estimate-outcome.ts'
import type { Population } from '../estimators/estimator.ts'

/** What is to be refuted: the estimate that stands for an outcome. */
export interface Tried {
  readonly spec: CausalSpec
  readonly data: CausalData
  readonly outcome: OutcomeEstimates
  readonly headline: Estimate
  readonly estimator: CausalEstimator
  readonly target: CausalEstimand
  readonly population: Population | null
}

/** What a refuter found: what its row says beyond whom it tried. */
export type Found = Pick<RefutationRow, 'verdict' | 'message'> &
  Partial<Pick<RefutationRow, 'newEffect' | 'spread' | 'pValue' | 'simulations' | 'diagnostics'>>

/** A refuter that could not be tried. */
export function notEvaluated(reason: string): Found {
  return { verdict: 'not_evaluated', message: `not evaluated: ${reason}` }
}
