import { type Refusal, refuse } from '../refusal.ts'
import { sum } from './divergence.ts'
import { kolmogorovSf } from './kolmogorov-smirnov.ts'

/** A value of each day with what it weighs: a mean or share, and its number of rows. */
export interface DailySeries {
  readonly values: readonly number[]
  readonly weights: readonly number[]
}

export interface ChangePoint {
  /** Index of the first day that differs. */
  readonly at: number
  /** Weighted means of the days before, back to the change before, and from there on to the next. */
  readonly before: number
  readonly after: number
  /** The largest distance of the bridge of sums from zero, in standard errors. */
  readonly statistic: number
  readonly pValue: number
}

export interface ChangePointOptions {
  /** The fewest days on each side. */
  readonly leastDays?: number
}

const usualLeastDays = 7
/** From so many days on weekdays are told apart. */
const leastForWeekdays = 21
/** From so many days on the noise is taken about four levels, as further changes would count as noise about two. */
const leastForSplits = 60
/** Numbers that a further level and the best of all days for it are worth: what fitting them takes off the squares. */
const spentOnSplit = 4
/** Beyond it a series wanders rather than returns. */
const mostSlope = 0.9

/**
 * Where the mean of a daily series changes most, and how surprising that is where it does not change at all.
 *
 * Weekdays are first brought to the same mean. The bridge of weighted sums, S(k) = Σ_{d≤k} w(x − x̄), is compared with a
 * Brownian bridge by the long-run variance of what levels leave (two, or four from 60 days on), so that days may hang together. The day
 * is that of the least squares (Bai 1994, eq. 2), the p-value Kolmogorov's. Refuses fewer than twice `leastDays` (7) days with rows, and
 * a series that never varies. Source: Ploberger and Krämer (1992), Econometrica 60; Aue and Horváth (2013), eq. 2.4.
 */
export function changePoint(
  series: DailySeries,
  { leastDays = usualLeastDays }: ChangePointOptions = {},
): ChangePoint | Refusal {
  const days = series.weights.flatMap((weight, day) => (weight > 0 ? [day] : []))
  if (days.length < 2 * leastDays)
    return refuse(`${days.length} days with rows, and ${2 * leastDays} are needed to see a change`)
  const weights = days.map((day) => series.weights[day]!)
  const values = withoutWeekdays(series, days)
  const total = sum(weights)
  const mean = weightedMean(values, weights)
  let [bridge, largest] = [0, 0]
  for (const [k, value] of values.entries()) {
    bridge += weights[k]! * (value - mean)
    largest = Math.max(largest, Math.abs(bridge))
  }
  const place = bestSplit(values, weights, 0, days.length, leastDays)!.at
  const before = weightedMean(values.slice(0, place), weights.slice(0, place))
  const after = weightedMean(values.slice(place), weights.slice(place))
  const splits = days.length < leastForSplits ? 1 : 3
  const residuals = withoutLevels(values, weights, splits, leastDays)
  const spent = 2 + spentOnSplit * splits + (days.length < leastForWeekdays ? 0 : 6)
  const variance = longRunVariance(residuals, spent)
  // A series that only jumps has no noise but that of rounding.
  if (!(variance > 1e-24 * Math.max(before ** 2, after ** 2) * (total / days.length)))
    return largest > 1e-9 * total * Math.max(Math.abs(before), Math.abs(after))
      ? { at: days[place]!, before, after, statistic: Infinity, pValue: 0 }
      : refuse('the series never varies')
  const statistic = largest / Math.sqrt(total * variance)
  return { at: days[place]!, before, after, statistic, pValue: kolmogorovSf(statistic) }
}

/**
 * All changes of a series by binary segmentation: where the change is significant at `level`, the days before it and
 * after it are looked at in turn. Refuses what `changePoint` refuses. Source: Vostrikova (1981).
 */
export function changePoints(
  series: DailySeries,
  level: number,
  options: ChangePointOptions = {},
): { readonly first: ChangePoint; readonly found: readonly ChangePoint[] } | Refusal {
  const first = changePoint(series, options)
  if ('refused' in first) return first
  if (first.pValue > level) return { first, found: [] }
  const part = (from: number, to: number): ChangePoint[] => {
    const piece = { values: series.values.slice(from, to), weights: series.weights.slice(from, to) }
    const below = changePoints(piece, level, options)
    return 'refused' in below ? [] : below.found.map((point) => ({ ...point, at: point.at + from }))
  }
  const found = [...part(0, first.at), first, ...part(first.at, series.values.length)]
  return { first, found: withMeans(series, found) }
}

/** Changes with the means of the stretches between them. */
function withMeans({ values, weights }: DailySeries, found: readonly ChangePoint[]): ChangePoint[] {
  const ends = [0, ...found.map(({ at }) => at), values.length]
  const means = ends
    .slice(1)
    .map((end, index) => weightedMean(values.slice(ends[index], end), weights.slice(ends[index], end)))
  return found.map((point, index) => ({ ...point, before: means[index]!, after: means[index + 1]! }))
}

interface Split {
  readonly at: number
  /** By how much two means fit better than one. */
  readonly gain: number
}

/** The day of a stretch before which to cut it, for the least squares; null where it is too short. */
function bestSplit(
  values: readonly number[],
  weights: readonly number[],
  from: number,
  to: number,
  leastDays: number,
): Split | null {
  if (to - from < 2 * leastDays) return null
  const total = sum(weights.slice(from, to))
  const mean = weightedMean(values.slice(from, to), weights.slice(from, to))
  let [bridge, passed, best] = [0, 0, { at: from + leastDays, gain: -1 }]
  for (let k = from + 1; k <= to - leastDays; k++) {
    bridge += weights[k - 1]! * (values[k - 1]! - mean)
    passed += weights[k - 1]! / total
    const gain = bridge ** 2 / (total * passed * (1 - passed))
    if (k - from >= leastDays && gain > best.gain) best = { at: k, gain }
  }
  return best
}

/** What is left of the values, weighted, when the stretch that gains most by it has been cut in two so many times. */
function withoutLevels(
  values: readonly number[],
  weights: readonly number[],
  splits: number,
  leastDays: number,
): number[] {
  const ends = [0, values.length]
  for (let split = 0; split < splits; split++) {
    const [best] = ends
      .slice(1)
      .flatMap((end, index) => bestSplit(values, weights, ends[index]!, end, leastDays) ?? [])
      .sort((a, b) => b.gain - a.gain)
    if (best) ends.push(best.at)
    ends.sort((a, b) => a - b)
  }
  return ends.slice(1).flatMap((end, index) => {
    const from = ends[index]!
    const mean = weightedMean(values.slice(from, end), weights.slice(from, end))
    return values.slice(from, end).map((value, k) => Math.sqrt(weights[from + k]!) * (value - mean))
  })
}

/** The values of some days less what their weekday usually has more than the others, where there are three of each. */
function withoutWeekdays({ values, weights }: DailySeries, days: readonly number[]): number[] {
  const own = days.map((day) => values[day]!)
  if (days.length < leastForWeekdays) return own
  const mean = (of: readonly number[]): number =>
    weightedMean(
      of.map((day) => values[day]!),
      of.map((day) => weights[day]!),
    )
  const all = mean(days)
  const shifts = Array.from({ length: 7 }, (_, weekday) => {
    const same = days.filter((day) => day % 7 === weekday)
    return same.length < 3 ? 0 : mean(same) - all
  })
  return own.map((value, index) => value - shifts[days[index]! % 7]!)
}

function weightedMean(values: readonly number[], weights: readonly number[]): number {
  let [total, mean] = [0, 0]
  for (const [index, value] of values.entries()) {
    const weight = weights[index]!
    if (!(weight > 0)) continue
    total += weight
    mean += (weight / total) * (value - mean)
  }
  return mean
}

/**
 * The variance of the sum over √n of residuals that hang together: Bartlett's kernel over what an autoregression leaves,
 * recoloured (Andrews and Monahan 1992). `spent` is how many numbers were fitted; autocovariances and the slope, which
 * fitting draws to zero (Kendall 1954), are put right for them. Days never count as less than independent.
 */
function longRunVariance(residuals: readonly number[], spent: number): number {
  const n = residuals.length
  const own = autocovariance(residuals, 0)
  if (!(own > 0)) return 0
  const raw = autocovariance(residuals, 1) / own
  const slope = Math.min(
    mostSlope,
    Math.max(0, raw + (1 + spent / 2 + (3 + spent / 2) * Math.max(0, raw)) / n),
  )
  const whitened = residuals.slice(1).map((value, index) => value - slope * residuals[index]!)
  const left = autocovariance(whitened, 0)
  const rest = Math.max(0, autocovariance(whitened, 1) / left)
  const bandwidth = Math.min(n / 4, 1.1447 * (((4 * rest ** 2) / (1 - rest ** 2) ** 2) * n) ** (1 / 3))
  let variance = left
  for (let lag = 1; lag <= bandwidth; lag++)
    variance += 2 * (1 - lag / (bandwidth + 1)) * autocovariance(whitened, lag)
  return (Math.max(variance, left) / (1 - slope) ** 2) * (n / Math.max(1, n - spent))
}

function autocovariance(values: readonly number[], lag: number): number {
  return sum(values.slice(lag).map((value, index) => value * values[index]!)) / values.length
}
