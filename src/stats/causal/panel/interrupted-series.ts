import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { fitLeastSquares } from '../../regression/least-squares.ts'

export interface InterruptedSeries {
  /** Ascending and equally spaced. */
  readonly time: ArrayLike<number>
  readonly outcome: ArrayLike<number>
  /** The first time after the change. */
  readonly changedAt: number
  /** Held fixed: seasons, a series that the change does not touch. */
  readonly covariates?: readonly ArrayLike<number>[]
}

export interface InterruptedOptions extends InferenceOptions {
  /** Lags of the residuals that may go together; floor(4·(n/100)^(2/9)) if not given (Newey and West 1994). */
  readonly lags?: number
  /** Whether variances are times n/(n − k), with Student's t: true if not given. */
  readonly smallSample?: boolean
}

export interface InterruptedEffect {
  /** The jump at the change. */
  readonly level: Inference
  /** By how much the slope is another afterwards, per unit of time. */
  readonly slope: Inference
  /** Mean effect over all times after the change. */
  readonly average: Inference
  readonly lags: number
  /** Of an intercept, time, level, slope and the covariates. */
  readonly coefficients: readonly number[]
}

/**
 * Interrupted time series: a line before the change and another after it, errors that go together over time.
 *
 * y = b₀ + b₁t + b₂·after + b₃·after·(t − change). Variances by Newey and West (1987) with Bartlett weights 1 − l/(L + 1). Source:
 * Wagner et al. (2002), "Segmented regression analysis of interrupted time series". Refuses fewer than 3 times on a side, and
 * collinear covariates. Nothing else may have changed at that time: compare with a series that was not touched.
 */
export function interruptedSeries(
  { time, outcome, changedAt, covariates = [] }: InterruptedSeries,
  { lags, smallSample = true, ...options }: InterruptedOptions = {},
): InterruptedEffect | Refusal {
  const n = outcome.length
  const t = Float64Array.from(time)
  const after = t.map((value) => (value >= changedAt ? 1 : 0))
  const late = after.reduce((sum, value) => sum + value, 0)
  if (late < 3 || n - late < 3)
    return refuse(`too few times: ${n - late} before and ${late} after the change`)
  const columns = [
    new Float64Array(n).fill(1),
    // About the change, so that the intercept is not far from what was seen.
    t.map((value) => value - changedAt),
    after,
    t.map((value, row) => after[row]! * (value - changedAt)),
    ...covariates.map((column) => Float64Array.from(column)),
  ]
  const y = Float64Array.from(outcome)
  const fit = fitLeastSquares({ n, columns }, y)
  if (isRefused(fit)) return fit
  const width = lags ?? Math.floor(4 * (n / 100) ** (2 / 9))
  const df = n - columns.length
  const residuals = y.map((value, row) => value - fit.fitted[row]!)
  const combined = (weights: readonly number[]): Inference | Refusal => {
    const direction = fit.inverseProducts.map((row) =>
      row.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0),
    )
    const scores = residuals.map((residual, row) => {
      let along = 0
      for (const [index, column] of columns.entries()) along += direction[index]! * column[row]!
      return along * residual
    })
    const variance = neweyWest(scores, width) * (smallSample ? n / df : 1)
    const estimate = weights.reduce((sum, weight, index) => sum + weight * fit.coefficients[index]!, 0)
    return waldInference(estimate, Math.sqrt(variance), smallSample ? df : Infinity, options)
  }
  let distance = 0
  for (let row = 0; row < n; row++) distance += (after[row]! * (t[row]! - changedAt)) / late
  const results = [combined([0, 0, 1]), combined([0, 0, 0, 1]), combined([0, 0, 1, distance])]
  const refused = results.find(isRefused)
  if (refused) return refused
  const [level, slope, average] = results as [Inference, Inference, Inference]
  const [intercept, trend] = [fit.coefficients[0]!, fit.coefficients[1]!]
  return {
    ...{ level, slope, average, lags: width },
    coefficients: [intercept - trend * changedAt, ...fit.coefficients.slice(1)],
  }
}

/** The variance of a sum of values of which neighbours in time go together. */
function neweyWest(values: Float64Array, lags: number): number {
  let sum = 0
  for (let lag = 0; lag <= Math.min(lags, values.length - 1); lag++) {
    let products = 0
    for (let row = lag; row < values.length; row++) products += values[row]! * values[row - lag]!
    sum += (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1))) * products
  }
  return sum
}
