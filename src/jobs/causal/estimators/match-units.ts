import type { MatchingPlan } from '../../../core/causal-spec.ts'
import { type MatchedEffect, matchedEffect, neighbourMatching } from '../../../stats/causal/matched-effect.ts'
import { type Matching, type MatchingOptions, matchNearest } from '../../../stats/causal/matching.ts'
import type { TreatedUnits } from '../../../stats/causal/units.ts'
import { type Refusal, refuse } from '../../../stats/index.ts'
import type { BinaryFit } from '../../../stats/regression/binary-regression.ts'

/*
 * Pairs as a question wants them, and the effect that they give: for its results, and again for each simulation of a
 * refuter.
 */

export interface MatchedUnits {
  readonly units: TreatedUnits
  readonly propensity: BinaryFit
  /** Of each unit, what it has to agree in with its match. */
  readonly strata: Int32Array | undefined
}

export interface MatchingTarget {
  readonly target: 'ate' | 'att' | 'atc'
  readonly ciLevel: number
  readonly seed: number
}

/** The effect by matching. */
export function matchingEffect(
  matched: MatchedUnits,
  plan: MatchingPlan,
  { target, ciLevel, seed }: MatchingTarget,
): MatchedEffect | Refusal {
  const { units, propensity, strata } = matched
  if (!plan.replacement && target === 'ate')
    return refuse(
      'without replacement pairs speak of those who chose: ask for att or atc, or match with replacement',
    )
  const score = scoreOf(propensity, plan)
  const scored = plan.errors === 'estimated_score' ? propensity : 'known'
  const shared = { ciLevel, varianceNeighbours: plan.varianceNeighbours, ...(strata && { strata }) }
  if (plan.replacement && plan.ties === 'share') {
    const caliper = caliperOf(plan, score, units.treatment)
    return neighbourMatching(units, score, {
      ...{ ...shared, target, ratio: plan.ratio, score: scored },
      ...(caliper !== undefined && { caliper }),
    })
  }
  const pairs = pairsFor(matched, plan, { target, ciLevel, seed })
  return matchedEffect(units, pairs, { ...shared, target, replacement: plan.replacement, score })
}

/** Who is matched with whom; for the effect on all, both groups choose. */
export function pairsFor(
  { units: { treatment }, propensity, strata }: MatchedUnits,
  plan: MatchingPlan,
  { target, seed }: MatchingTarget,
): Matching {
  const score = scoreOf(propensity, plan)
  const caliper = caliperOf(plan, score, treatment)
  const options: MatchingOptions = {
    ...{ ratio: plan.ratio, replacement: plan.replacement, order: plan.order, seed },
    ...(caliper !== undefined && { caliper }),
    ...(strata && { strata }),
  }
  const ofTreated = target === 'atc' ? null : matchNearest(score, treatment, options)
  if (target === 'att') return ofTreated!
  const turned = matchNearest(
    score.map((value) => -value),
    treatment.map((value) => 1 - value),
    options,
  )
  return ofTreated ? together(ofTreated, turned) : turned
}

function together(a: Matching, b: Matching): Matching {
  return {
    size: a.size + b.size,
    treated: Int32Array.from([...a.treated, ...b.treated]),
    control: Int32Array.from([...a.control, ...b.control]),
    distance: Float64Array.from([...a.distance, ...b.distance]),
    unmatched: Int32Array.from([...a.unmatched, ...b.unmatched]),
  }
}

/** What distances are measured in. */
function scoreOf({ probabilities }: BinaryFit, { distance }: MatchingPlan): Float64Array {
  return distance === 'score' ? probabilities : probabilities.map((e) => Math.log(e / (1 - e)))
}

/** The caliper in the units of the distance. */
export function caliperIn({ units, propensity }: MatchedUnits, plan: MatchingPlan): number | undefined {
  return caliperOf(plan, scoreOf(propensity, plan), units.treatment)
}

function caliperOf(
  { caliper, caliperScale }: MatchingPlan,
  score: Float64Array,
  treatment: Uint8Array,
): number | undefined {
  if (caliper === undefined || caliperScale === 'raw') return caliper
  if (caliperScale === 'sd') return caliper * Math.sqrt(varianceOf(score))
  const [control, treated] = [0, 1].map((arm) =>
    varianceOf(score.filter((_, unit) => treatment[unit] === arm)),
  )
  return caliper * Math.sqrt((control! + treated!) / 2)
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
}
