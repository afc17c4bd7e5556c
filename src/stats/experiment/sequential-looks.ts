import { checkLevel, criticalValue, defaultCiLevel } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import type { AlwaysValidInference, PointEstimate } from './confidence-sequence.ts'
import {
  obrienFlemingSpending,
  pocockSpending,
  type SpendingFunction,
  spendingBoundaries,
  stagewisePValues,
} from './group-sequential.ts'

/** What one look adds when those before are remembered. */
export interface RunningInference extends AlwaysValidInference {
  /** Whether the effect had been found by this look. */
  readonly crossed: boolean
}

/**
 * Looks at an always-valid method, carried on: the smallest p-value so far and the intersection of all intervals so far.
 *
 * Inputs: the looks in their order, all at one level (of `asymptoticConfidenceSequence` or `mixtureTest`). A look whose interval
 * misses that of the others leaves no value between its bounds: then lower is above upper, which is evidence that
 * something changed. Refuses no looks. Source: Johari, Pekelis, Walsh (2015), arXiv 1512.04922, for p-values; Howard et al. (2021),
 * Ann. Statist. 49, for intervals: both err over all looks together with at most 1 − ciLevel.
 */
export function runningInference(
  looks: readonly AlwaysValidInference[],
): readonly RunningInference[] | Refusal {
  if (looks.length === 0) return refuse('there are no looks')
  let pValue = 1
  let ciLower = -Infinity
  let ciUpper = Infinity
  return looks.map((look) => {
    pValue = Math.min(pValue, look.pValue)
    ciLower = Math.max(ciLower, look.ciLower)
    ciUpper = Math.min(ciUpper, look.ciUpper)
    return { ...look, pValue, ciLower, ciUpper, crossed: pValue <= 1 - look.ciLevel }
  })
}

/**
 * The variance of effects that a mixture test looks for, from the first data: z²(s²T + s²C)/(nT + nC), an effect as large as
 * the noise of a test with all units.
 *
 * Inputs: variances and sizes of the arms at a moment that is fixed before looking, and the error allowed. Source: Zhao et
 * al. (2019), arXiv 1905.10493, as Statsig sets it.
 */
export function defaultMixingVariance(
  treatment: { readonly n: number; readonly variance: number },
  control: { readonly n: number; readonly variance: number },
  alpha = 0.05,
): number | Refusal {
  const z = criticalValue(1 - alpha)
  const variance = (z * z * (treatment.variance + control.variance)) / (treatment.n + control.n)
  return variance > 0 && variance < Infinity
    ? variance
    : refuse('zero variance or no units, so there is no scale for effects')
}

/** A look at a group-sequential test: the estimate then, and the share of the planned information that was in. */
export interface GroupLook extends PointEstimate {
  /** Above that of the look before; above 1 if more came than planned. */
  readonly information: number
}

/** Options of `groupSequentialTest`. */
export interface GroupSequentialOptions {
  /** O'Brien–Fleming type if not given. */
  readonly spending?: 'obrien_fleming' | 'pocock'
  /** Two-sided; 0.95 if not given. */
  readonly ciLevel?: number
  /** Whether the last look was the end, whatever its information: then all error that is left is spent there. */
  readonly isFinal?: boolean
}

/** What is known at a look, in view of those before. */
export interface GroupSequentialInference extends AlwaysValidInference {
  readonly information: number
  /** |z| beyond which this look stops the test. */
  readonly boundary: number
  readonly statistic: number
  /** Whether this look or one before crossed. */
  readonly crossed: boolean
  /** Two-sided error spent so far. */
  readonly alphaSpent: number
}

/**
 * The looks so far at a group-sequential test, at whatever information they came.
 *
 * Inputs: looks in their order. Returns for each the boundary, the repeated confidence interval estimate ± boundary·stdError
 * (all of them hold together with probability ciLevel), and the stagewise p-value of a test that ends there (see
 * `stagewisePValues`), which stays what it was from the look that crossed on. Information beyond the plan is brought down to 1 at the last look, which spends what is left. Refuses no
 * looks, information that does not increase or passes 1 before the last look, standard errors that are not positive, and
 * a level outside (0, 1). Source: Lan and DeMets (1983), Biometrika 70; Jennison and Turnbull (1989), JRSS B 51, for
 * repeated intervals.
 */
export function groupSequentialTest(
  looks: readonly GroupLook[],
  options: GroupSequentialOptions = {},
): readonly GroupSequentialInference[] | Refusal {
  const { spending = 'obrien_fleming', ciLevel = defaultCiLevel, isFinal = false } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  if (looks.length === 0) return refuse('there are no looks')
  if (
    !looks.every(({ stdError, estimate }) => stdError > 0 && stdError < Infinity && Number.isFinite(estimate))
  )
    return refuse('the standard error of a look is not a positive number')
  const last = looks.length - 1
  const shares = looks.map(({ information }, index) =>
    index === last ? Math.min(information, 1) : information,
  )
  const spend = endingAt(
    spending === 'pocock' ? pocockSpending : obrienFlemingSpending,
    isFinal ? shares[last]! : 1,
  )
  const alpha = 1 - ciLevel
  const boundaries = spendingBoundaries(shares, alpha / 2, spend)
  if (isRefused(boundaries)) return boundaries
  const statistics = looks.map(({ estimate, stdError }) => estimate / stdError)
  const pValues = stagewisePValues(shares, boundaries.z, statistics)
  const stop = statistics.findIndex((z, look) => Math.abs(z) >= boundaries.z[look]!)
  return looks.map(({ estimate, stdError, information }, index) => {
    const boundary = boundaries.z[index]!
    const isOver = stop !== -1 && stop <= index
    return {
      estimate,
      stdError,
      ciLower: estimate - boundary * stdError,
      ciUpper: estimate + boundary * stdError,
      ciLevel,
      pValue: pValues[isOver ? stop : index]!,
      information,
      boundary,
      statistic: statistics[index]!,
      crossed: isOver,
      alphaSpent: 2 * boundaries.cumulativeAlpha[index]!,
    }
  })
}

/** A spending function that has spent everything when this share is in. */
function endingAt(spending: SpendingFunction, end: number): SpendingFunction {
  return end === 1
    ? spending
    : (information, alpha) => (information >= end ? alpha : spending(information, alpha))
}
