import { defaultCiLevel, type EffectResult, type InferenceOptions } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { differenceInMeans } from './difference-in-means.ts'
import { type JointMoments, jointMomentsOf } from './joint-moments.ts'
import { type QuantileSample, quantileBounds, quantileMoments } from './quantile-metric.ts'
import { linearizeRatio } from './ratio-metric.ts'
import { relativeLift } from './relative-lift.ts'

/** Options of `quantileDifference`. */
export interface QuantileOptions extends Omit<InferenceOptions, 'reference'> {
  /** 'absolute' (the default), or 'relative' for the lift over the control's quantile. */
  readonly scale?: 'absolute' | 'relative'
  /** The level that the order statistics were taken at; 0.95 if not given. */
  readonly boundsLevel?: number
}

/**
 * The difference of a quantile between two arms, treatment minus control, without estimating a density.
 *
 * Inputs: what the warehouse or `quantileSampleOf` gives of each arm, in the outcome's unit. Normal reference. Refuses
 * what `quantileMoments`, `differenceInMeans` and `relativeLift` do, and arms of different levels. Source: Deng, Knoblich,
 * Lu (2018), KDD, section 4.2; Yao, Li, Lu (2024), arXiv 2401.14549.
 */
export function quantileDifference(
  treatment: QuantileSample,
  control: QuantileSample,
  options: QuantileOptions = {},
): EffectResult {
  const { scale = 'absolute', boundsLevel = defaultCiLevel, ...rest } = options
  if (treatment.level !== control.level)
    return refuse(`the arms have different quantiles, ${treatment.level} and ${control.level}`)
  const t = quantileMoments(treatment, boundsLevel)
  if (isRefused(t)) return t
  const c = quantileMoments(control, boundsLevel)
  if (isRefused(c)) return c
  const normal = { ...rest, reference: 'normal' } as const
  return scale === 'relative' ? relativeLift(t, c, normal) : differenceInMeans(t, c, normal)
}

/**
 * The quantile of some values and those around it, from rows.
 *
 * Inputs: values of one arm (left in their order), and for events the unit of each. Returns what
 * `quantileMoments` reads, with the cluster factor where there are units. Refuses fewer than 2 values, values that are
 * no numbers, and a level outside (0, 1). Quantiles between two values are interpolated, as by `percentile_cont`.
 */
export function quantileSampleOf(
  values: ArrayLike<number>,
  level: number,
  options: { readonly units?: ArrayLike<number | string>; readonly boundsLevel?: number } = {},
): QuantileSample | Refusal {
  const n = values.length
  if (!(level > 0 && level < 1)) return refuse(`the quantile must be between 0 and 1, and is ${level}`)
  if (!(n >= 2)) return refuse(`too few units: there are ${n} values, and at least 2 are needed`)
  const sorted = Float64Array.from(values).sort()
  // NaN sorts last.
  if (!(Number.isFinite(sorted[0]) && Number.isFinite(sorted[n - 1])))
    return refuse('the values are not all finite numbers')
  const bounds = quantileBounds(level, n, options.boundsLevel)
  const quantile = sortedQuantile(sorted, level)
  const sample = {
    n,
    level,
    quantile,
    lower: sortedQuantile(sorted, bounds.lower),
    upper: sortedQuantile(sorted, bounds.upper),
  }
  if (!options.units) return sample
  const factor = clusterFactorOf(values, options.units, quantile)
  return typeof factor === 'number' ? { ...sample, clusterFactor: factor } : factor
}

/** The quantile of values in ascending order, interpolated between the two around it. */
export function sortedQuantile(sorted: ArrayLike<number>, level: number): number {
  const position = level * (sorted.length - 1)
  const below = Math.floor(position)
  const value = sorted[below]!
  return position === below ? value : value + (position - below) * (sorted[below + 1]! - value)
}

/**
 * By how much the variance of a quantile of events is larger because events come in units: the variance of the share
 * of events at or below the quantile as a ratio of sums over units, over that of independent events.
 *
 * Inputs: joint moments, between units, of the number of events at or below the quantile and the number of events.
 * Refuses fewer than 2 units, and a share of 0 or 1. Source: Deng, Knoblich, Lu (2018), KDD, sections 3 and 4.2; the
 * direction of the factor as in Yao, Li, Lu (2024).
 */
export function quantileClusterFactor(moments: JointMoments): number | Refusal {
  const [below, events] = moments.means
  if (!(moments.n >= 2)) return refuse(`too few units: there are ${moments.n}, and at least 2 are needed`)
  if (below === undefined || !events) return refuse('there are no events')
  const share = below / events
  const ratio = linearizeRatio(moments)
  if (isRefused(ratio)) return ratio
  const independent = (share * (1 - share)) / events
  if (!(independent > 0)) return refuse('all events are on one side of the quantile')
  return ratio.variance / independent
}

function clusterFactorOf(
  values: ArrayLike<number>,
  units: ArrayLike<number | string>,
  quantile: number,
): number | Refusal {
  const indexes = new Map<number | string, number>()
  const below: number[] = []
  const events: number[] = []
  for (let row = 0; row < values.length; row++) {
    let index = indexes.get(units[row]!)
    if (index === undefined) {
      index = below.length
      indexes.set(units[row]!, index)
      below.push(0)
      events.push(0)
    }
    events[index]!++
    if (values[row]! <= quantile) below[index]!++
  }
  return quantileClusterFactor(jointMomentsOf(below, events))
}
