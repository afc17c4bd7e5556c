import type { StrataPlan } from '../../../core/causal-spec.ts'
import { augmentedWeighting, weightedRegressionAdjustment } from '../../../stats/causal/doubly-robust.ts'
import { entropyBalancing } from '../../../stats/causal/entropy-balancing.ts'
import { propensityStrata, stratifiedEffect } from '../../../stats/causal/stratification.ts'
import type { Target, TreatedUnits } from '../../../stats/causal/units.ts'
import {
  balancingWeight,
  effectiveSampleSize,
  inverseProbabilityWeighting,
} from '../../../stats/causal/weighting.ts'
import { isRefused } from '../../../stats/index.ts'
import type { EstimatorEntry, EstimatorOf, Population } from './estimator.ts'

/*
 * Methods that weight or group units by how likely they were to be treated.
 */

/** Weights of the units for a target. */
export function weightsFor({ units, propensity }: Population, target: Target): Float64Array {
  return propensity.probabilities.map(
    (e, unit) => balancingWeight(target, units.treatment[unit] === 1, e).weight,
  )
}

/** How many equally weighted units would know as much, in either group. */
export function sizesLeft(
  { units }: Pick<Population, 'units'>,
  weights: Float64Array,
): Record<string, number> {
  const of = (arm: number) => effectiveSampleSize(weights.filter((_, unit) => units.treatment[unit] === arm))
  return { effective_n_treated: of(1), effective_n_control: of(0) }
}

const stacked = 'stacked estimating equations, the propensity estimated'

export const inverseWeighting: EstimatorEntry<EstimatorOf<'ipw'>> = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }, { form }) => {
    const { units, propensity } = population!
    const weights = weightsFor(population!, target)
    const options = { target, form, ciLevel: spec.ciLevel }
    return [
      {
        estimand: target,
        result: inverseProbabilityWeighting(units, propensity, options),
        diagnostics: {
          convention: `${form === 'hajek' ? 'Hájek: weights divided by their sum' : 'Horvitz and Thompson: divided by the number of units'}; ${stacked}`,
          ...sizesLeft(population!, weights),
        },
        weights,
      },
    ]
  },
}

export const overlapWeighting: EstimatorEntry = {
  speaksOf: 'itself',
  needs: 'population',
  compute: async ({ spec, population }) => {
    const { units, propensity } = population!
    const weights = weightsFor(population!, 'ato')
    return [
      {
        estimand: 'ato',
        result: inverseProbabilityWeighting(units, propensity, { target: 'ato', ciLevel: spec.ciLevel }),
        diagnostics: {
          convention: `overlap weights: speaks of those for whom both were likely; ${stacked}`,
          ...sizesLeft(population!, weights),
        },
        weights,
      },
    ]
  },
}

export const entropyWeights: EstimatorEntry = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }) => {
    const result = entropyBalancing(population!.units, { target, ciLevel: spec.ciLevel })
    if (isRefused(result)) return [{ estimand: target, result, diagnostics: {} }]
    const { weights, ...effect } = result
    return [
      {
        estimand: target,
        result: effect,
        diagnostics: {
          convention: 'entropy balancing: means of the covariates agree exactly; influence function',
          ...sizesLeft(population!, weights),
        },
        weights,
      },
    ]
  },
}

export const augmented: EstimatorEntry<EstimatorOf<'aipw'>> = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }, { errors }) => {
    const { units, propensity } = population!
    const options = { target, errors, ciLevel: spec.ciLevel }
    return [
      {
        estimand: target,
        result: augmentedWeighting(units, propensity, options),
        diagnostics: {
          convention:
            errors === 'stacked'
              ? 'doubly robust; stacked estimating equations, both models estimated'
              : 'doubly robust; influence function, both models taken as known',
        },
        weights: weightsFor(population!, target),
      },
    ]
  },
}

export const weightedRegression: EstimatorEntry = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }) => {
    const { units, propensity } = population!
    return [
      {
        estimand: target,
        result: weightedRegressionAdjustment(units, propensity, { target, ciLevel: spec.ciLevel }),
        diagnostics: {
          convention:
            'fits weighted by the inverse propensity (as Stata teffects ipwra); stacked estimating equations',
        },
        weights: weightsFor(population!, target),
      },
    ]
  },
}

/** The stratum of each unit by its propensity. */
export function propensityStrataOf(
  { treatment }: Pick<TreatedUnits, 'treatment'>,
  propensities: Float64Array,
  { strata: count, among, closed }: StrataPlan,
): Int32Array {
  const arm = among === 'treated' ? 1 : 0
  return propensityStrata(propensities, {
    ...{ count, closed },
    ...(among !== 'all' && { among: (unit: number) => treatment[unit] === arm }),
  })
}

function strataWords({ strata, among, closed, exact }: StrataPlan): string {
  if (exact.length > 0) return `strata of units that agree in ${exact.join(', ')}`
  const whose = among === 'all' ? 'all units' : among === 'treated' ? 'the treated' : 'the untreated'
  return `${strata} strata by quantiles (type 7) of the propensities of ${whose}, closed on the ${closed}`
}

export const stratification: EstimatorEntry<EstimatorOf<'stratification'>> = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }, plan) => {
    const { units, propensity, strataOf } = population!
    const strata = strataOf(plan.exact) ?? propensityStrataOf(units, propensity.probabilities, plan)
    const result = stratifiedEffect(units, strata, { target, ciLevel: spec.ciLevel })
    const convention = `${strataWords(plan)}; Neyman's variance within strata`
    if (isRefused(result)) return [{ estimand: target, result, diagnostics: { convention } }]
    const { strata: found, ...effect } = result
    const cells = new Map(found.map((stratum) => [stratum.stratum, stratum]))
    const weights = Float64Array.from(strata, (stratum, unit) => {
      const cell = cells.get(stratum)
      if (!cell) return 0
      return units.treatment[unit] === 1 ? cell.share / cell.nTreated : cell.share / cell.nControl
    })
    return [{ estimand: target, result: effect, diagnostics: { convention, strata: found }, weights }]
  },
}
