import { type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import type { BinaryFit } from '../regression/binary-regression.ts'
import { quadraticForm } from '../regression/symmetric-matrix.ts'
import type { CausalEffect } from './effect.ts'
import { estimatedScoreTerms } from './estimated-score.ts'
import type { Matching } from './matching.ts'
import { nearestRanges, runningSums, type SortedArm, sortArm, spreadOver } from './neighbours.ts'
import { type Target, type TreatedUnits, targetWeights } from './units.ts'

/** An effect from matched units. */
export interface MatchedEffect extends CausalEffect {
  /** Units of the target that found a match, and those that did not: the estimate speaks of the former only. */
  readonly matched: number
  readonly unmatched: number
  /** Weight of each unit in the matched sample: 1 for one that found a match, and the shares that others have of it. */
  readonly weights: Float64Array
}

export interface NeighbourMatchingOptions extends InferenceOptions {
  readonly target?: Exclude<Target, 'ato'>
  /** Matches of each unit, more where several are equally near; 1 if not given. */
  readonly ratio?: number
  /** Largest distance, in the units of the score. */
  readonly caliper?: number
  /** Only units of the same stratum are matched. */
  readonly strata?: Int32Array
  /**
   * 'known' takes the score as given (Abadie and Imbens 2006); a fit counts in that it was estimated (2016), for which the
   * score has to be its propensity.
   */
  readonly score?: 'known' | BinaryFit
  /** Units of the same arm, itself included, that a unit's variance is estimated from; 2 if not given, as in Stata. */
  readonly varianceNeighbours?: number
}

/**
 * Matching with replacement on a score, all equally near ones sharing, with Abadie and Imbens' standard error.
 *
 * Inputs: units and a score of each (a propensity or its logit). Source: Abadie and Imbens (2006), Econometrica 74,
 * theorems 6 and 7, ties as in Stata's `teffects psmatch`; (2016), Econometrica 84, theorems 1 and 2, for an estimated
 * propensity. The normal distribution is the reference. Refuses a target of which nobody finds a match. O(n log n).
 */
export function neighbourMatching(
  units: TreatedUnits,
  score: Float64Array,
  { target = 'ate', ratio = 1, caliper, strata, ...rest }: NeighbourMatchingOptions = {},
): MatchedEffect | Refusal {
  const { score: origin = 'known', varianceNeighbours = 2, ...options } = rest
  const { n, treatment, outcome } = units
  const arms = [0, 1].map((arm) => sortArm(score, treatment, arm as 0 | 1, strata)) as [SortedArm, SortedArm]
  const center = outcome.reduce((sum, value) => sum + value, 0) / n
  const sums = arms.map((arm) => runningSums(arm, (unit) => outcome[unit]! - center))
  // The other outcome of each unit that chooses, and what each is used for.
  const state: MatchedState = {
    imputed: new Float64Array(n).fill(Number.NaN),
    uses: new Float64Array(n),
    squaredUses: new Float64Array(n),
  }
  for (const arm of [0, 1] as const) {
    if ((target === 'att' && arm === 0) || (target === 'atc' && arm === 1)) continue
    const other = arms[1 - arm]!
    const ranges = nearestRanges(other, score, arms[arm].units, {
      count: ratio,
      ...(caliper !== undefined && { caliper }),
      ...(strata && { strata }),
    })
    const size = (index: number) => ranges.last[index]! - ranges.first[index]!
    for (const [index, unit] of arms[arm].units.entries())
      if (size(index) > 0)
        state.imputed[unit] =
          center +
          (sums[1 - arm]![ranges.last[index]!]! - sums[1 - arm]![ranges.first[index]!]!) / size(index)
    const uses = spreadOver(other, ranges, (index) => 1 / size(index))
    const squares = spreadOver(other, ranges, (index) => 1 / size(index) ** 2)
    for (const [place, unit] of other.units.entries()) {
      state.uses[unit]! += uses[place]!
      state.squaredUses[unit]! += squares[place]!
    }
  }
  const shape = { units, target, state }
  const means = matchedMeans(shape)
  if (isRefused(means)) return means
  const variances = neighbourVariances(units, score, arms, varianceNeighbours, strata)
  let variance = abadieImbens(shape, means, variances)
  if (origin !== 'known') {
    const { removed, added } = estimatedScoreTerms({
      units,
      propensity: origin,
      score,
      arms,
      target,
      effect: means.treated - means.control,
      neighbours: varianceNeighbours,
      ...(strata && { strata }),
    })
    const quadratic = (vector: readonly number[]) => quadraticForm(origin.covariance, vector)
    variance += quadratic(added) - quadratic(removed)
  }
  return finish(means, variance, weightsOf(shape), options)
}

/** What is known of matched units. */
interface MatchedState {
  /** The other outcome of a unit that found matches, NaN of others. */
  readonly imputed: Float64Array
  /** Σ 1/m over those who use a unit, each having m matches, and Σ 1/m². */
  readonly uses: Float64Array
  readonly squaredUses: Float64Array
}

interface Matched {
  readonly units: Pick<TreatedUnits, 'n' | 'treatment' | 'outcome'>
  readonly target: Exclude<Target, 'ato'>
  readonly state: MatchedState
}

interface MatchedMeans {
  readonly treated: number
  readonly control: number
  readonly matched: number
  readonly unmatched: number
}

function matchedMeans({ units, target, state }: Matched): MatchedMeans | Refusal {
  const inTarget = targetWeights(units, target)
  let [treated, control, matched, unmatched] = [0, 0, 0, 0]
  for (let unit = 0; unit < units.n; unit++) {
    if (inTarget[unit] === 0) continue
    const imputed = state.imputed[unit]!
    if (Number.isNaN(imputed)) {
      unmatched++
      continue
    }
    matched++
    treated += units.treatment[unit] === 1 ? units.outcome[unit]! : imputed
    control += units.treatment[unit] === 1 ? imputed : units.outcome[unit]!
  }
  if (matched === 0) return refuse('no unit of the target found a match')
  return { treated: treated / matched, control: control / matched, matched, unmatched }
}

/** The variance of the mean, theorem 7: of the differences, and of the outcomes that are used again and again. */
function abadieImbens({ units, state }: Matched, means: MatchedMeans, variances: Float64Array): number {
  const effect = means.treated - means.control
  let sum = 0
  for (let unit = 0; unit < units.n; unit++) {
    const isChooser = !Number.isNaN(state.imputed[unit]!)
    const [uses, squares] = [state.uses[unit]!, state.squaredUses[unit]!]
    if (isChooser) {
      const sign = units.treatment[unit] === 1 ? 1 : -1
      sum += (sign * (units.outcome[unit]! - state.imputed[unit]!) - effect) ** 2
    }
    if (uses > 0) sum += variances[unit]! * (uses * uses + (isChooser ? 2 * uses : 0) - squares)
  }
  return sum / means.matched ** 2
}

/** The variance of the outcome among each unit and its nearest of the same arm. */
function neighbourVariances(
  { n, outcome }: TreatedUnits,
  score: Float64Array,
  arms: readonly [SortedArm, SortedArm],
  count: number,
  strata: Int32Array | undefined,
): Float64Array {
  const result = new Float64Array(n)
  for (const arm of arms) {
    let center = 0
    for (const unit of arm.units) center += outcome[unit]! / arm.units.length
    const sums = runningSums(arm, (unit) => outcome[unit]! - center)
    const squares = runningSums(arm, (unit) => (outcome[unit]! - center) ** 2)
    const { first, last } = nearestRanges(arm, score, arm.units, { count, ...(strata && { strata }) })
    for (const [index, unit] of arm.units.entries()) {
      const [from, to] = [first[index]!, last[index]!]
      const size = to - from
      const sum = sums[to]! - sums[from]!
      // One of its stratum has no neighbours: it counts as sure, which it is not, but nothing is known.
      result[unit] =
        size > 1 ? Math.max(0, (squares[to]! - squares[from]! - (sum * sum) / size) / (size - 1)) : 0
    }
  }
  return result
}

function weightsOf({ units, state }: Matched): Float64Array {
  return state.uses
    .map((uses, unit) => uses + (Number.isNaN(state.imputed[unit]!) ? 0 : 1))
    .subarray(0, units.n)
}

function finish(
  { treated, control, matched, unmatched }: MatchedMeans,
  variance: number,
  weights: Float64Array,
  options: InferenceOptions,
): MatchedEffect | Refusal {
  const result = waldInference(treated - control, Math.sqrt(variance), Infinity, options)
  if ('refused' in result) return result
  return { ...result, meanTreated: treated, meanControl: control, matched, unmatched, weights }
}

/**
 * The effect from pairs that `matchNearest` made, on those who chose.
 *
 * Without replacement the pairs (or sets) are independent, and the standard error is that of the mean of their
 * differences (Austin 2011, "paired"), with pairs − 1 degrees of freedom. With replacement it is Abadie and Imbens'
 * (2006), the score taken as known; for equally near controls `neighbourMatching` is the better choice. `target` says
 * who chose: 'att' when `treatment` was given as it is, 'atc' when it was turned round, 'ate' both, which needs
 * replacement. Refuses fewer than 2 matches.
 */
export function matchedEffect(
  units: TreatedUnits,
  matching: Matching,
  {
    target = 'att',
    replacement = false,
    score,
    strata,
    varianceNeighbours = 2,
    ...options
  }: InferenceOptions & {
    readonly target?: 'ate' | 'att' | 'atc'
    readonly replacement?: boolean
    /** Needed with replacement: what was matched on. */
    readonly score?: Float64Array
    readonly strata?: Int32Array
    readonly varianceNeighbours?: number
  } = {},
): MatchedEffect | Refusal {
  const { n, outcome, treatment } = units
  const counts = new Int32Array(n)
  const sums = new Float64Array(n)
  for (let pair = 0; pair < matching.size; pair++) {
    counts[matching.treated[pair]!]!++
    sums[matching.treated[pair]!]! += outcome[matching.control[pair]!]!
  }
  const state: MatchedState = {
    imputed: sums.map((sum, unit) => sum / counts[unit]!),
    uses: new Float64Array(n),
    squaredUses: new Float64Array(n),
  }
  for (let pair = 0; pair < matching.size; pair++) {
    const share = 1 / counts[matching.treated[pair]!]!
    state.uses[matching.control[pair]!]! += share
    state.squaredUses[matching.control[pair]!]! += share * share
  }
  const shape = { units, target, state }
  const means = matchedMeans(shape)
  if (isRefused(means)) return means
  if (means.matched < 2) return refuse('one unit found a match, and two are needed for a standard error')
  if (replacement) {
    if (!score) return refuse('the score that was matched on is needed for the standard error')
    const arms = [0, 1].map((arm) => sortArm(score, treatment, arm as 0 | 1, strata)) as [
      SortedArm,
      SortedArm,
    ]
    const variances = neighbourVariances(units, score, arms, varianceNeighbours, strata)
    return finish(means, abadieImbens(shape, means, variances), weightsOf(shape), options)
  }
  const effect = means.treated - means.control
  const sign = target === 'att' ? 1 : -1
  let squares = 0
  for (let unit = 0; unit < n; unit++)
    if (counts[unit]! > 0) squares += (sign * (outcome[unit]! - state.imputed[unit]!) - effect) ** 2
  const stdError = Math.sqrt(squares / (means.matched - 1) / means.matched)
  const result = waldInference(effect, stdError, means.matched - 1, options)
  if ('refused' in result) return result
  return {
    ...result,
    meanTreated: means.treated,
    meanControl: means.control,
    matched: means.matched,
    unmatched: means.unmatched,
    weights: weightsOf(shape),
  }
}
