import { matchedEffect, neighbourMatching } from '../../../stats/causal/matched-effect.ts'
import { type Matching, matchNearest } from '../../../stats/causal/matching.ts'
import { isRefused, refuse } from '../../../stats/index.ts'
import type { EstimatorEntry, EstimatorOf, MethodResult, Population } from './estimator.ts'

type Plan = EstimatorOf<'propensity_matching'>

/** Nearest neighbours by the propensity. */
export const propensityMatching: EstimatorEntry<Plan> = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }, plan) => {
    const { units, propensity, strataOf } = population!
    const score = scoreOf(population!, plan)
    const strata = strataOf(plan.exact)
    const caliper = caliperOf(plan, score)
    const shared = { ratio: plan.ratio, ...(caliper !== undefined && { caliper }), ...(strata && { strata }) }
    const diagnostics = {
      convention: conventionOf(plan),
      ...(caliper !== undefined && { caliper_in_score: caliper }),
    }
    if (!plan.replacement && target === 'ate')
      return [
        {
          estimand: target,
          result: refuse(
            'without replacement pairs speak of those who chose: ask for att or atc, or match with replacement',
          ),
          diagnostics,
        },
      ]
    const pairs = pairsOf(
      score,
      units.treatment,
      { ...shared, order: plan.order, seed: spec.seed },
      plan,
      target,
    )
    if (!plan.replacement) {
      const own = target === 'att' ? 'att' : 'atc'
      const result = matchedEffect(units, pairs, { target: own, ciLevel: spec.ciLevel })
      return [finished(target, result, diagnostics, pairs)]
    }
    const result = neighbourMatching(units, score, {
      ...{ ...shared, target, ciLevel: spec.ciLevel },
      score: plan.distance === 'score' ? propensity : 'known',
    })
    return [finished(target, result, diagnostics, pairs)]
  },
}

function finished(
  estimand: string,
  result: ReturnType<typeof neighbourMatching>,
  diagnostics: Readonly<Record<string, unknown>>,
  matching: Matching,
): MethodResult {
  if (isRefused(result)) return { estimand, result, diagnostics }
  const { weights, matched, unmatched, ...effect } = result
  return { estimand, result: effect, diagnostics: { ...diagnostics, matched, unmatched }, weights, matching }
}

/** What distances are measured in. */
function scoreOf({ propensity: { probabilities } }: Population, { distance }: Plan): Float64Array {
  return distance === 'score' ? probabilities : probabilities.map((e) => Math.log(e / (1 - e)))
}

function caliperOf({ caliper, caliperScale }: Plan, score: Float64Array): number | undefined {
  if (caliper === undefined || caliperScale === 'raw') return caliper
  const mean = score.reduce((sum, value) => sum + value, 0) / score.length
  const squares = score.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return caliper * Math.sqrt(squares / (score.length - 1))
}

/** Who is matched with whom; for the effect on all, both groups choose. */
function pairsOf(
  score: Float64Array,
  treatment: Uint8Array,
  options: Parameters<typeof matchNearest>[2],
  { replacement }: Plan,
  target: string,
): Matching {
  const own = { ...options, replacement }
  const ofTreated = target === 'atc' ? null : matchNearest(score, treatment, own)
  const turned =
    target === 'att'
      ? null
      : matchNearest(
          score.map((value) => -value),
          treatment.map((value) => 1 - value),
          own,
        )
  if (!turned) return ofTreated!
  if (!ofTreated) return turned
  return {
    size: ofTreated.size + turned.size,
    treated: Int32Array.from([...ofTreated.treated, ...turned.treated]),
    control: Int32Array.from([...ofTreated.control, ...turned.control]),
    distance: Float64Array.from([...ofTreated.distance, ...turned.distance]),
    unmatched: Int32Array.from([...ofTreated.unmatched, ...turned.unmatched]),
  }
}

function conventionOf({ ratio, replacement, distance, order, exact, caliper, caliperScale }: Plan): string {
  const parts = [
    `${ratio} nearest by the ${distance === 'logit' ? 'logit of the propensity' : 'propensity'}`,
    replacement ? 'with replacement, equally near ones share' : `without replacement, ${order} first`,
    ...(caliper === undefined
      ? []
      : [`within ${caliper}${caliperScale === 'sd' ? ' standard deviations' : ''}`]),
    ...(exact.length > 0 ? [`exact in ${exact.join(', ')}`] : []),
    replacement
      ? `Abadie and Imbens' errors, ${distance === 'score' ? 'the score estimated (2016)' : 'the score taken as known (2006)'}`
      : 'errors of the mean difference of pairs',
  ]
  return parts.join('; ')
}
