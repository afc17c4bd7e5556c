import type { CausalEstimator, CausalMethod } from '../../../core/causal-spec.ts'
import { frontdoor, mediation } from './by-mediators.ts'
import { adjustedRegression, instrumental, naiveDifference } from './by-moments.ts'
import {
  augmented,
  entropyWeights,
  inverseWeighting,
  overlapWeighting,
  stratification,
  weightedRegression,
} from './by-propensity.ts'
import { interactive, partiallyLinearModel } from './double-machine-learning.ts'
import type { EstimatorEntry, EstimatorOf } from './estimator.ts'
import { propensityMatching } from './matching.ts'

type Registry = { readonly [M in CausalMethod]: EstimatorEntry<EstimatorOf<M>> }

const registry: Registry = {
  naive_difference: naiveDifference,
  regression_adjustment: adjustedRegression,
  propensity_matching: propensityMatching,
  stratification,
  ipw: inverseWeighting,
  overlap_weighting: overlapWeighting,
  entropy_balancing: entropyWeights,
  aipw: augmented,
  ipw_regression_adjustment: weightedRegression,
  dml_plr: partiallyLinearModel,
  dml_irm: interactive,
  two_stage_least_squares: instrumental,
  wald: instrumental,
  frontdoor,
  mediation,
}

/** How an estimator works. */
export function entryOf(estimator: CausalEstimator): EstimatorEntry {
  return registry[estimator.method] as unknown as EstimatorEntry
}
