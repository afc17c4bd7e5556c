import { normalQuantile } from '../distributions/normal.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { dot, pseudoInverse, timesVector } from '../regression/symmetric-matrix.ts'
import { covariateMoments, type OutcomeKind } from './covariate-moments.ts'
import {
  driftForPower,
  obrienFlemingSpending,
  pocockSpending,
  spendingBoundaries,
} from './group-sequential.ts'
import type { JointMoments } from './joint-moments.ts'
import { minimumDetectableEffect, type PowerDesign, requiredUnits } from './power.ts'
import { linearizeRatio } from './ratio-metric.ts'

/** What history says of a metric, as a design reads it. */
export interface MetricHistory extends Required<Pick<PowerDesign, 'variance' | 'mean'>> {
  /** Share of the variance that the covariates explain; 0 without. */
  readonly explained: number
}

/**
 * Mean and variance for a design from the units of the past, after the adjustment that the experiment will make.
 *
 * Inputs: joint moments, outcome first (a ratio's numerator and denominator), then covariates of the period before, as
 * `multipleCuped` takes them; of a yes/no outcome the moments of 0 and 1. Returns the variance that is left,
 * (1 − R²)σ². Refuses what `covariateMoments` does, fewer than 3 units, and no variance.
 */
export function metricHistory(moments: JointMoments, outcome: OutcomeKind = 'mean'): MetricHistory | Refusal {
  if (!(moments.n >= 3)) return refuse(`too few units: there are ${moments.n}, and at least 3 are needed`)
  const hasCovariates = moments.means.length > (outcome === 'ratio' ? 2 : 1)
  if (!hasCovariates) return withoutCovariates(moments, outcome)
  const split = covariateMoments(moments, outcome)
  if (isRefused(split)) return split
  const { inverse } = pseudoInverse(split.covariances)
  const explained = dot(split.withOutcome, timesVector(inverse, split.withOutcome))
  const { mean, variance } = split.outcome
  const left = variance - explained
  if (!(left > 1e-12 * variance)) return refuse('zero variance: nothing is left to be explained')
  return { mean, variance: left, explained: explained / variance }
}

function withoutCovariates(moments: JointMoments, outcome: OutcomeKind): MetricHistory | Refusal {
  const arm =
    outcome === 'ratio'
      ? linearizeRatio(moments)
      : { mean: moments.means[0] ?? Number.NaN, variance: moments.covariances[0]?.[0] ?? Number.NaN }
  if (isRefused(arm)) return arm
  if (!(arm.variance > 0 && arm.variance < Infinity))
    return refuse('zero variance: it must be a positive number')
  return { mean: arm.mean, variance: arm.variance, explained: 0 }
}

/**
 * By how much the variance of a mean is larger because units come in clusters: 1 + ((1 + cv²)·size − 1)·icc.
 *
 * Inputs: mean units per cluster, coefficient of variation of cluster sizes (0 if not given), and the correlation within
 * clusters. Multiply a design's variance by it. Refuses sizes below 1 and correlations outside [0, 1]. Source: Kish (1965);
 * for unequal sizes Eldridge, Ashby, Kerry (2006), Int. J. Epidemiology 35.
 */
export function designEffect(
  meanSize: number,
  intraclassCorrelation: number,
  sizeVariation = 0,
): number | Refusal {
  if (!(meanSize >= 1)) return refuse('a cluster has at least one unit')
  if (!(intraclassCorrelation >= 0 && intraclassCorrelation <= 1))
    return refuse('the correlation within clusters must be from 0 to 1')
  return 1 + ((1 + sizeVariation * sizeVariation) * meanSize - 1) * intraclassCorrelation
}

/**
 * By how much more units a group-sequential test needs at most than one that looks once, with the same power.
 *
 * Inputs: planned shares of information, two-sided error and power. Refuses shares that do not increase to 1, and a power
 * outside (alpha, 1). Source: Jennison and Turnbull (1999), "Group sequential methods", chapter 2.
 */
export function sequentialInflation(
  information: readonly number[],
  options: {
    readonly spending: 'obrien_fleming' | 'pocock'
    readonly alpha?: number
    readonly power?: number
  },
): number | Refusal {
  const { spending, alpha = 0.05, power = 0.8 } = options
  if (information[information.length - 1] !== 1)
    return refuse('the last look must be at all of the information')
  if (!(power > alpha && power < 1)) return refuse('the power must lie between alpha and 1')
  const boundaries = spendingBoundaries(
    information,
    alpha / 2,
    spending === 'pocock' ? pocockSpending : obrienFlemingSpending,
  )
  if (isRefused(boundaries)) return boundaries
  const drift = driftForPower(information, boundaries.z, power)
  return (drift / (normalQuantile(power) - normalQuantile(alpha / 2))) ** 2
}

/**
 * The units in both arms together with which a guardrail that is `effect` (0 if not given) above no change is told from a
 * loss of `margin`.
 *
 * Inputs: a design whose alpha is the one-sided error; margin and effect are positive for the good direction and on the design's scale
 * (relative ones of a mean taken as known). Refuses what `requiredUnits` does, and a margin that the effect does not keep clear of.
 * Source: Schultzberg, Ankargren, Frånberg (2024), arXiv 2402.11609.
 */
export function nonInferiorityUnits(
  design: PowerDesign,
  margin: number,
  power: number,
  effect = 0,
): number | Refusal {
  if (!(margin >= 0)) return refuse('the margin must not be negative')
  const distance = (margin + effect) * (design.scale === 'relative' ? Math.abs(design.mean ?? Number.NaN) : 1)
  if (!(distance > 0))
    return refuse('the effect is a loss of the margin or more, so nothing tells it from one')
  return requiredUnits({ ...design, scale: 'absolute', alternative: 'greater' }, distance, power)
}

/** Units that come day by day. */
export interface Traffic {
  /** Units seen for the first time on each day since a start, in history. */
  readonly newUnits: readonly number[]
  /** Share of them that the compared arms get together; 1 if not given. */
  readonly share?: number
}

/** How long an experiment has to run. */
export interface RunTime {
  /** Whole days until the units are there. */
  readonly days: number
  /** Units of both arms by then. */
  readonly units: number
  /** Whether that lies beyond the history, which is carried on at the mean of its last seven days. */
  readonly isExtrapolated: boolean
}

/**
 * The days until the compared arms have `units` units, from new units per day in history.
 *
 * Counting units on their first day only, so that those who return do not count again. Refuses no history, negative numbers, a
 * share outside (0, 1], and traffic that has dried up.
 */
export function runTime(traffic: Traffic, units: number): RunTime | Refusal {
  const problem = checkTraffic(traffic)
  if (problem) return problem
  const { newUnits, share = 1 } = traffic
  let sum = 0
  for (const [day, count] of newUnits.entries()) {
    sum += count * share
    if (sum >= units) return { days: day + 1, units: sum, isExtrapolated: false }
  }
  const perDay = lastWeek(newUnits) * share
  if (!(perDay > 0))
    return refuse('no new units have come in the last seven days, so there will never be enough')
  const more = Math.ceil((units - sum) / perDay)
  return { days: newUnits.length + more, units: sum + more * perDay, isExtrapolated: true }
}

/**
 * The smallest effect found with this power after each day of the history, from day 1 on; a refusal where it has none.
 *
 * Inputs: what `minimumDetectableEffect` and `runTime` take. Refuses traffic as `runTime` does.
 */
export function effectByDay(
  design: PowerDesign,
  power: number,
  traffic: Traffic,
): readonly (number | Refusal)[] | Refusal {
  const problem = checkTraffic(traffic)
  if (problem) return problem
  const { newUnits, share = 1 } = traffic
  let sum = 0
  return newUnits.map((count) => {
    sum += count * share
    return minimumDetectableEffect(design, power, sum)
  })
}

function checkTraffic({ newUnits, share = 1 }: Traffic): Refusal | undefined {
  if (newUnits.length === 0) return refuse('there is no history of units')
  if (!newUnits.every((count) => count >= 0 && count < Infinity))
    return refuse('the units of a day are not a number')
  return share > 0 && share <= 1 ? undefined : refuse('the share of the units must be above 0 and at most 1')
}

function lastWeek(newUnits: readonly number[]): number {
  const week = newUnits.slice(-7)
  return week.reduce((sum, count) => sum + count, 0) / week.length
}
