import type { CausalEstimand, CausalEstimator } from '../../../core/causal-spec.ts'
import {
  interactiveModel,
  leastSquaresLearner,
  partiallyLinear,
} from '../../../stats/causal/double-machine-learning.ts'
import { weightedRegressionAdjustment } from '../../../stats/causal/doubly-robust.ts'
import { entropyBalancing } from '../../../stats/causal/entropy-balancing.ts'
import { frontdoorEffect } from '../../../stats/causal/mediation.ts'
import { linearReestimator } from '../../../stats/causal/refuters/linear-units.ts'
import { mediatedReestimator } from '../../../stats/causal/refuters/mediated-units.ts'
import type { PermutedTreatment } from '../../../stats/causal/refuters/perturbation.ts'
import {
  type Reestimator,
  reestimateWith,
  warmReestimator,
} from '../../../stats/causal/refuters/reestimate.ts'
import { stratifiedEffect } from '../../../stats/causal/stratification.ts'
import type { TreatedUnits } from '../../../stats/causal/units.ts'
import { inverseProbabilityWeighting } from '../../../stats/causal/weighting.ts'
import { isRefused, type Refusal, refuse } from '../../../stats/index.ts'
import { type BinaryFit, fitBinary } from '../../../stats/regression/binary-regression.ts'
import { withIntercept } from '../../../stats/regression/design.ts'
import { propensityStrataOf } from '../estimators/by-propensity.ts'
import { matchingEffect } from '../estimators/match-units.ts'
import type { RefutedUnits } from './refuted-units.ts'

type Effect = { readonly estimate: number } | Refusal
type Adjusted = Extract<RefutedUnits, { readonly kind: 'adjusted' }>
type Amounts = Extract<RefutedUnits, { readonly kind: 'amounts' }>

/** The estimate of a method on changed units; whatever it fits, it fits again. */
export function makeReestimator(
  refuted: RefutedUnits,
  estimator: CausalEstimator,
  target: CausalEstimand,
  seed: number,
): Reestimator<PermutedTreatment> | Refusal {
  switch (refuted.kind) {
    case 'linear':
      return linearReestimator(refuted.units) as Reestimator<PermutedTreatment>
    case 'mediated':
      return mediatedReestimator(refuted.units, frontdoorEffect) as Reestimator<PermutedTreatment>
    case 'amounts':
      return amountsReestimator(refuted) as Reestimator<PermutedTreatment>
    case 'adjusted':
      return adjustedReestimator(refuted, estimator, target, seed) as Reestimator<PermutedTreatment> | Refusal
  }
}

function adjustedReestimator(
  { units, folds, strata }: Adjusted,
  estimator: CausalEstimator,
  target: CausalEstimand,
  seed: number,
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
      return withPropensity(units, (own, { probabilities }, places) =>
        stratifiedEffect(own, some(strata, places) ?? propensityStrataOf(own, probabilities, estimator), {
          target,
        }),
      )
    case 'propensity_matching':
      return withPropensity(units, (own, propensity, places) =>
        matchingEffect({ units: own, propensity, strata: some(strata, places) }, estimator, {
          ...{ target, seed, ciLevel: 0.95 },
        }),
      )
    case 'dml_irm':
      return reestimateWith(units, (own, places) => interactiveModel(own, foldsAt(folds, places), { target }))
    case 'dml_plr':
      return reestimateWith(units, (own, places) =>
        partiallyLinear(own, own.treatment, foldsAt(folds, places)),
      )
    default:
      return refuse(`'${estimator.method}' adjusts for nothing`)
  }
}

function withPropensity(
  units: TreatedUnits,
  estimate: (units: TreatedUnits, fit: BinaryFit, places: Int32Array | null) => Effect,
): Reestimator {
  return reestimateWith(units, (own, places) => {
    const fit = fitBinary(own.propensityDesign, own.treatment)
    return isRefused(fit) ? fit : estimate(own, fit, places)
  })
}

/** The partially linear model of a treatment of any value. */
function amountsReestimator({ units, folds }: Amounts): Reestimator<Int32Array> {
  const { n, treatment, outcome, controls } = units
  const design = withIntercept(n, controls)
  const nobody = new Uint8Array(n)
  const shape: TreatedUnits = {
    ...{ n, outcome, treatment: nobody, propensityDesign: design, outcomeDesign: design },
  }
  return ({ treatment: order, ...change }) => {
    const given = order ? Float64Array.from(order, (other) => treatment[other]!) : treatment
    return reestimateWith(shape, (own, places) =>
      partiallyLinear(
        own,
        places ? Float64Array.from(places, (unit) => given[unit]!) : given,
        foldsAt(folds, places),
        {
          treatmentLearner: leastSquaresLearner,
        },
      ),
    )(change)
  }
}

function foldsAt(folds: readonly Uint8Array[], places: Int32Array | null): readonly Uint8Array[] {
  return places ? folds.map((split) => Uint8Array.from(places, (unit) => split[unit]!)) : folds
}

function some(strata: Int32Array | null, places: Int32Array | null): Int32Array | undefined {
  if (!strata) return undefined
  return places ? Int32Array.from(places, (unit) => strata[unit]!) : strata
}
