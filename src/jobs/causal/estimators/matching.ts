import type { MatchingPlan } from '../../../core/causal-spec.ts'
import { isRefused } from '../../../stats/index.ts'
import type { EstimatorEntry, EstimatorOf } from './estimator.ts'
import { caliperIn, matchingEffect, pairsFor } from './match-units.ts'

/** Nearest neighbours by the propensity. */
export const propensityMatching: EstimatorEntry<EstimatorOf<'propensity_matching'>> = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target: estimand, population }, plan) => {
    const { units, propensity, strataOf } = population!
    const matched = { units, propensity, strata: strataOf(plan.exact) }
    const target = { target: estimand, ciLevel: spec.ciLevel, seed: spec.seed }
    const caliper = caliperIn(matched, plan)
    const diagnostics = {
      convention: conventionOf(plan),
      ...(caliper !== undefined && { caliper_in_score: caliper }),
    }
    const result = matchingEffect(matched, plan, target)
    if (isRefused(result)) return [{ estimand, result, diagnostics }]
    const { weights, matched: found, unmatched, ...effect } = result
    return [
      {
        ...{ estimand, result: effect, weights },
        diagnostics: { ...diagnostics, matched: found, unmatched },
        matching: pairsFor(matched, plan, target),
      },
    ]
  },
}

const scales: Readonly<Record<MatchingPlan['caliperScale'], string>> = {
  sd: ' standard deviations of it over all units',
  pooled_sd: ' standard deviations of it, pooled over the groups',
  raw: '',
}

function conventionOf(plan: MatchingPlan): string {
  const { ratio, replacement, distance, order, exact, caliper, caliperScale, ties } = plan
  const parts = [
    `${ratio} nearest by the ${distance === 'logit' ? 'logit of the propensity' : 'propensity'}`,
    replacement
      ? `with replacement, ${ties === 'share' ? 'equally near ones share' : 'of equally near ones the first by key'}`
      : `without replacement, ${order} first`,
    ...(caliper === undefined ? [] : [`within ${caliper}${scales[caliperScale]}`]),
    ...(exact.length > 0 ? [`exact in ${exact.join(', ')}`] : []),
    errorsOf(plan),
  ]
  return parts.join('; ')
}

function errorsOf({ replacement, errors, varianceNeighbours }: MatchingPlan): string {
  if (!replacement) return 'errors of the mean difference of pairs'
  const score =
    errors === 'estimated_score' ? 'the score estimated (2016)' : 'the score taken as known (2006)'
  return `Abadie and Imbens' errors, ${score}, variances from ${varianceNeighbours} neighbours`
}
