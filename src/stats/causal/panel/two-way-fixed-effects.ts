import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { fitLeastSquares } from '../../regression/least-squares.ts'
import { timesVector } from '../../regression/symmetric-matrix.ts'

/** Rows of units and periods, balanced or not. */
export interface FixedEffectsRows {
  readonly unit: ArrayLike<number | string>
  readonly period: ArrayLike<number>
  readonly outcome: ArrayLike<number>
  /** 1 where and when treated; any number for a dose. */
  readonly treatment: ArrayLike<number>
  /** What moves over time and is held fixed. */
  readonly covariates?: readonly ArrayLike<number>[]
  /** Of each row; the unit if not given. */
  readonly cluster?: ArrayLike<number | string>
}

export interface TwoWayEffect extends Inference {
  /** The first is the treatment, then the covariates. */
  readonly coefficients: readonly number[]
  readonly clusters: number
  /**
   * Share of the treated rows' weight that is negative: with treatment at different times, effects that grow make such an
   * estimate wrong, even in sign; then use group-time effects (de Chaisemartin and D'Haultfœuille 2020).
   */
  readonly negativeWeightShare: number
}

const mostSweeps = 10_000
const smallestChange = 1e-12

/**
 * Two-way fixed effects: least squares with an intercept of each unit and of each period.
 *
 * Both are taken out by sweeping means until they stay (exact after one sweep of a balanced panel; else Gaure 2013). The variance
 * is clustered by unit (CR1: G/(G − 1)·(N − 1)/(N − K), with K = slopes + periods, the units' intercepts lying within the
 * clusters, as Stata's xtreg), with G − 1 degrees of freedom. Source: Wooldridge (2010), 10.5; Cameron and Miller (2015).
 * Refuses a treatment that units and periods determine, values that are no numbers, one cluster, and means that do not settle
 * within 10,000 sweeps, as in panels whose units hardly share a period.
 */
export function twoWayFixedEffects(
  rows: FixedEffectsRows,
  options: InferenceOptions = {},
): TwoWayEffect | Refusal {
  const n = rows.outcome.length
  const units = codesOf(rows.unit)
  const periods = codesOf(rows.period)
  const clusters = rows.cluster ? codesOf(rows.cluster) : units
  const raw = [rows.treatment, ...(rows.covariates ?? [])]
  if ([rows.outcome, ...raw].some((values) => !Array.from(values).every(Number.isFinite)))
    return refuse('an outcome, a treatment or a covariate is no number')
  if (clusters.count < 2) return refuse(`errors need two clusters or more, and there is ${clusters.count}`)
  const sweep = (values: ArrayLike<number>) => sweepOut(Float64Array.from(values), units, periods)
  const [outcome, ...columns] = [rows.outcome, ...raw].map(sweep) as [
    Float64Array | null,
    ...(Float64Array | null)[],
  ]
  if (outcome === null || !areSwept(columns))
    return refuse(
      `the means of units and periods did not settle within ${mostSweeps.toLocaleString('en')} sweeps: hardly a unit is seen in periods that others share`,
    )
  for (const [index, column] of columns.entries())
    if (!(squaresOf(column) > 1e-18 * n * squaresOf(Float64Array.from(raw[index]!))))
      return refuse(
        index === 0
          ? 'units and periods determine the treatment: nobody changes apart from the others'
          : `units and periods determine covariate ${index}`,
      )
  const fit = fitLeastSquares({ n, columns }, outcome)
  if (isRefused(fit)) return fit
  const scores = columns.map(() => new Float64Array(clusters.count))
  for (const [index, column] of columns.entries())
    for (let row = 0; row < n; row++)
      scores[index]![clusters.codes[row]!]! += column[row]! * (outcome[row]! - fit.fitted[row]!)
  const direction = timesVector(fit.inverseProducts, [1, ...columns.slice(1).map(() => 0)])
  let squares = 0
  for (let cluster = 0; cluster < clusters.count; cluster++) {
    let along = 0
    for (const [index, values] of scores.entries()) along += direction[index]! * values[cluster]!
    squares += along * along
  }
  const [groups, k] = [clusters.count, columns.length + periods.count]
  const factor = (groups / (groups - 1)) * ((n - 1) / (n - k))
  const result = waldInference(fit.coefficients[0]!, Math.sqrt(squares * factor), groups - 1, options)
  if (isRefused(result)) return result
  return {
    ...result,
    coefficients: fit.coefficients,
    clusters: groups,
    negativeWeightShare: negativeShare(rows.treatment, columns[0]!),
  }
}

interface Codes {
  readonly codes: Int32Array
  readonly count: number
}

function codesOf(keys: ArrayLike<number | string>): Codes {
  const places = new Map<number | string, number>()
  const codes = new Int32Array(keys.length)
  for (let row = 0; row < keys.length; row++) {
    let place = places.get(keys[row]!)
    if (place === undefined) {
      place = places.size
      places.set(keys[row]!, place)
    }
    codes[row] = place
  }
  return { codes, count: places.size }
}

/** The values less the means of their unit and period, in place; null where they do not settle. */
function sweepOut(values: Float64Array, units: Codes, periods: Codes): Float64Array | null {
  const scale = Math.sqrt(squaresOf(values) / values.length)
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    subtractMeans(values, units)
    if (!(subtractMeans(values, periods) > smallestChange * scale)) return values
  }
  return null
}

function areSwept(columns: readonly (Float64Array | null)[]): columns is Float64Array[] {
  return columns.every((column) => column !== null)
}

/** The largest of the means. */
function subtractMeans(values: Float64Array, { codes, count }: Codes): number {
  const [sums, sizes] = [new Float64Array(count), new Float64Array(count)]
  for (let row = 0; row < values.length; row++) {
    sums[codes[row]!]! += values[row]!
    sizes[codes[row]!]!++
  }
  let largest = 0
  for (let code = 0; code < count; code++) {
    sums[code]! /= sizes[code]!
    largest = Math.max(largest, Math.abs(sums[code]!))
  }
  for (let row = 0; row < values.length; row++) values[row]! -= sums[codes[row]!]!
  return largest
}

function squaresOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0)
}

function negativeShare(treatment: ArrayLike<number>, swept: Float64Array): number {
  let [negative, all] = [0, 0]
  for (let row = 0; row < swept.length; row++) {
    if (!(treatment[row]! > 0)) continue
    all += Math.abs(swept[row]!)
    if (swept[row]! < 0) negative -= swept[row]!
  }
  return negative / all
}
