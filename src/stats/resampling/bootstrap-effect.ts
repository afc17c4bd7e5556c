import { normalCdf, normalQuantile } from '../distributions/normal.ts'
import { sortedQuantile } from '../experiment/quantile-effect.ts'
import { checkLevel, criticalValue, defaultCiLevel, type Inference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import type { BootstrapMeans } from './bootstrap-means.ts'
import type { OutcomeLayout } from './bootstrap-outcomes.ts'

/** How an interval is made of replicates. */
export type BootstrapInterval =
  /** Quantiles of the replicates. */
  | 'percentile'
  /** Estimate ± z times the replicates' standard deviation. */
  | 'normal'
  /** Quantiles shifted for bias and skewness. */
  | 'bca'

/** Options of `bootstrapEffect`. */
export interface BootstrapEffectOptions {
  /** 'absolute' (the default) for T − C, 'relative' for (T − C)/|C|. */
  readonly scale?: 'absolute' | 'relative'
  /** 'bca' if not given. */
  readonly interval?: BootstrapInterval
  readonly ciLevel?: number
}

/** An effect with what its replicates say. */
export interface BootstrapInference extends Inference {
  readonly replicates: number
  /** Mean of the replicates less the estimate. */
  readonly bias: number
}

const leastReplicates = 100

/**
 * The effect on an outcome by the bootstrap, treatment minus control.
 *
 * Inputs: replicate means, the outcome's place among them, and the numbers of two arms. Estimate and acceleration come
 * from the units themselves; the standard error is the standard deviation of the replicates. The p-value is two-sided and
 * that of the interval: the level at which it would just reach 0, for percentiles with (b + 1)/(B + 1). Refuses fewer
 * than 100 replicates, arms of fewer than 2 units, replicates without a finite effect (a lift whose control mean may be
 * zero), no variance, and a level outside (0, 1). Source: Efron and Tibshirani (1993), chapters 12–14, BCa eq. 14.9–14.15
 * with the acceleration from influence values.
 */
export function bootstrapEffect(
  means: BootstrapMeans,
  layout: OutcomeLayout,
  arms: { readonly treatment: number; readonly control: number },
  options: BootstrapEffectOptions = {},
): BootstrapInference | Refusal {
  const { scale = 'absolute', interval = 'bca', ciLevel = defaultCiLevel } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  const { replicates } = means
  if (!(replicates >= leastReplicates))
    return refuse(`too few replicates: ${replicates}, and at least ${leastReplicates} are needed`)
  const [t, c] = [layout.arms[arms.treatment]!, layout.arms[arms.control]!]
  for (const [name, { n }] of [
    ['treatment', t],
    ['control', c],
  ] as const)
    if (!(n >= 2)) return refuse(`too few units: the ${name} arm has ${n}, and at least 2 are needed`)
  const effect = (treated: number, control: number) =>
    scale === 'absolute' ? treated - control : (treated - control) / Math.abs(control)
  const estimate = effect(t.estimate, c.estimate)
  const values = new Float64Array(replicates)
  for (let replicate = 0; replicate < replicates; replicate++)
    values[replicate] = effect(
      outcomeOf(means, layout, arms.treatment, replicate),
      outcomeOf(means, layout, arms.control, replicate),
    )
  if (!(Number.isFinite(estimate) && values.every(Number.isFinite)))
    return refuse('the effect is not a finite number in some replicate')
  const slopes =
    scale === 'absolute'
      ? ([1, -1] as const)
      : ([1 / Math.abs(c.estimate), -t.estimate / c.estimate / Math.abs(c.estimate)] as const)
  const squares = slopes[0] ** 2 * t.squares + slopes[1] ** 2 * c.squares
  const cubes = slopes[0] ** 3 * t.cubes + slopes[1] ** 3 * c.cubes
  return inferFromReplicates(values, estimate, {
    interval,
    ciLevel,
    acceleration: squares > 0 ? cubes / (6 * squares ** 1.5) : 0,
  })
}

function outcomeOf(means: BootstrapMeans, layout: OutcomeLayout, arm: number, replicate: number): number {
  const row = replicate * means.columns
  const top = means.arms[arm]![row + layout.numerator]!
  return layout.denominator === null ? top : top / means.arms[arm]![row + layout.denominator]!
}

/** What `inferFromReplicates` has to know. */
export interface ReplicateOptions {
  readonly interval: BootstrapInterval
  readonly ciLevel: number
  /** Skewness of the estimate over 6, from influence values; for 'bca'. */
  readonly acceleration?: number
}

/**
 * Interval and test of any statistic from its replicates.
 *
 * Refuses replicates that are all alike, and for 'bca' an estimate beyond all of them.
 */
export function inferFromReplicates(
  replicates: Float64Array,
  estimate: number,
  { interval, ciLevel, acceleration = 0 }: ReplicateOptions,
): BootstrapInference | Refusal {
  const count = replicates.length
  const mean = replicates.reduce((sum, value) => sum + value, 0) / count
  const variance = replicates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  const stdError = Math.sqrt(variance)
  if (!(stdError > 0)) return refuse('zero variance: the outcome is the same for every unit of each arm')
  const sorted = replicates.toSorted()
  const bounds = boundsOf(sorted, estimate, stdError, { interval, ciLevel, acceleration })
  if (isRefused(bounds)) return bounds
  return {
    estimate,
    stdError,
    ...bounds,
    ciLevel,
    statistic: estimate / stdError,
    degreesOfFreedom: Infinity,
    replicates: count,
    bias: mean - estimate,
  }
}

/** The share of sorted replicates below a value, ties counting half, never quite 0 or 1. */
function shareBelow(sorted: Float64Array, value: number): number {
  let below = 0
  let equal = 0
  for (const replicate of sorted) {
    if (replicate < value) below++
    else if (replicate === value) equal++
    else break
  }
  return (below + equal / 2 + 0.5) / (sorted.length + 1)
}

function boundsOf(
  sorted: Float64Array,
  estimate: number,
  stdError: number,
  { interval, ciLevel, acceleration = 0 }: ReplicateOptions,
): { ciLower: number; ciUpper: number; pValue: number } | Refusal {
  const z = criticalValue(ciLevel)
  if (interval === 'normal')
    return {
      ciLower: estimate - z * stdError,
      ciUpper: estimate + z * stdError,
      pValue: 2 * normalCdf(-Math.abs(estimate / stdError)),
    }
  if (interval === 'percentile') {
    const tail = (1 - ciLevel) / 2
    const share = shareBelow(sorted, 0)
    return {
      ciLower: sortedQuantile(sorted, tail),
      ciUpper: sortedQuantile(sorted, 1 - tail),
      pValue: Math.min(1, 2 * Math.min(share, 1 - share)),
    }
  }
  if (estimate < sorted[0]! || estimate > sorted[sorted.length - 1]!)
    return refuse('the estimate lies beyond all of its replicates, so their bias cannot be corrected')
  const shift = normalQuantile(shareBelow(sorted, estimate))
  const level = (quantile: number) =>
    normalCdf(shift + (shift + quantile) / (1 - acceleration * (shift + quantile)))
  // The same, solved for the quantile at which the bound is 0.
  const reach = normalQuantile(shareBelow(sorted, 0)) - shift
  const atZero = reach / (1 + acceleration * reach) - shift
  return {
    ciLower: sortedQuantile(sorted, level(-z)),
    ciUpper: sortedQuantile(sorted, level(z)),
    pValue: Math.min(1, 2 * normalCdf(-Math.abs(atZero))),
  }
}
