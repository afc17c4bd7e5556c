import type { CausalEstimand, CausalEstimator } from '../../../core/causal-spec.ts'
import { weightedRegressionAdjustment } from '../../../stats/causal/doubly-robust.ts'
import { entropyBalancing } from '../../../stats/causal/entropy-balancing.ts'
import { neighbourMatching } from '../../../stats/causal/matched-effect.ts'
import {
  type Reestimator,
  reestimateWith,
  warmReestimator,
} from '../../../stats/causal/refuters/reestimate.ts'
import { propensityStrata, stratifiedEffect } from '../../../stats/causal/stratification.ts'
import type { TreatedUnits } from '../../../stats/causal/units.ts'
import { inverseProbabilityWeighting } from '../../../stats/causal/weighting.ts'
import { isRefused, type Refusal, refuse } from '../../../stats/index.ts'
import { type BinaryFit, fitBinary } from '../../../stats/regression/binary-regression.ts'

type Effect = { readonly estimate: number } | Refusal

/** The estimate of a method on changed units; whatever it fits, it fits again. */
export function makeReestimator(
  units: TreatedUnits,
  estimator: CausalEstimator,
  target: CausalEstimand,
): Reestimator | Refusal {
  switch (estimator.method) {
    case 'regression_adjustment':
    case 'aipw':
      return warmReestimator(units, { method: estimator.method, target })
    case 'ipw':
      if (estimator.form === 'hajek') return warmReestimator(units, { method: 'ipw', target })
      return withPropensity(units, (own, fit) =>
        inverseProbabilityWeighting(own, fit, { target, form: 'horvitz_thompson' }),
      )
    case 'ipw_regression_adjustment':
      return withPropensity(units, (own, fit) => weightedRegressionAdjustment(own, fit, { target }))
    case 'overlap_weighting':
      return withPropensity(units, (own, fit) => inverseProbabilityWeighting(own, fit, { target: 'ato' }))
    case 'entropy_balancing':
      return reestimateWith(units, (own) => entropyBalancing(own, { target }))
    case 'stratification':
      return withPropensity(units, (own, { probabilities }) =>
        stratifiedEffect(own, propensityStrata(probabilities, { count: estimator.strata }), { target }),
      )
    case 'propensity_matching': {
      const { exact, replacement, caliper, ratio, distance } = estimator
      if (exact.length > 0 || !replacement || caliper !== undefined)
        return refuse('matching is tried again with replacement and without caliper or exact columns only')
      return withPropensity(units, (own, { probabilities }) =>
        neighbourMatching(
          own,
          distance === 'score' ? probabilities : probabilities.map((e) => Math.log(e / (1 - e))),
          { target, ratio },
        ),
      )
    }
    default:
      return refuse(`'${estimator.method}' is not fitted anew on changed units: add aipw, which is`)
  }
}

function withPropensity(
  units: TreatedUnits,
  estimate: (units: TreatedUnits, fit: BinaryFit) => Effect,
): Reestimator {
  return reestimateWith(units, (own) => {
    const fit = fitBinary(own.propensityDesign, own.treatment)
    if (isRefused(fit)) return fit
    return estimate(own, fit)
  })
}
