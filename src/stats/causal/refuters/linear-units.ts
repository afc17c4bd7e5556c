import type { JointMoments } from '../../experiment/joint-moments.ts'
import { isRefused } from '../../refusal.ts'
import { addBlockSums, blockUnits } from '../../regression/block-sums.ts'
import { type InstrumentalRoles, twoStageLeastSquares } from '../instrumental.ts'
import type { DrawnUnits } from './perturbation.ts'
import type { Reestimator } from './reestimate.ts'

/*
 * Effects that follow from products of columns alone, by least squares or with instruments: changed data need no fit but
 * new products.
 */

/** Units with a treatment of any value. */
export interface LinearUnits {
  readonly n: number
  readonly treatment: Float64Array
  readonly outcome: Float64Array
  /** What moves the treatment; none for least squares. */
  readonly instruments: readonly Float64Array[]
  /** Covariates held fixed. */
  readonly controls: readonly Float64Array[]
}

/** The units as placebos change them: each may get the treatment, and with it the instruments, of another one. */
export function drawnLinear({ n, outcome }: LinearUnits): DrawnUnits<Int32Array> {
  return { n, treatment: Int32Array.from({ length: n }, (_, unit) => unit), outcome }
}

/**
 * The coefficient of the treatment in changed data, by least squares or two stages.
 *
 * A placebo takes the instruments along with the treatment: they still move it, so that the effect is 0 and not the ratio of
 * two zeros.
 */
export function linearReestimator(units: LinearUnits): Reestimator<Int32Array> {
  const width = units.instruments.length
  return ({ treatment: order, outcome = units.outcome, counts, covariate }) => {
    const taken = (values: Float64Array): Float64Array =>
      order ? Float64Array.from(order, (other) => values[other]!) : values
    const controls = covariate ? [...units.controls, covariate] : units.controls
    const columns = [outcome, taken(units.treatment), ...units.instruments.map(taken), ...controls]
    const roles: InstrumentalRoles = {
      ...{ outcome: 0, treatment: 1 },
      // Least squares is two stages with the treatment for its own instrument.
      instruments: width === 0 ? [1] : units.instruments.map((_, index) => index + 2),
      controls: controls.map((_, index) => index + 2 + width),
    }
    const result = twoStageLeastSquares(countedMoments(columns, counts), roles)
    return isRefused(result) ? result : result.estimate
  }
}

/** The joint moments of units that count more or less often than once, about the means. */
function countedMoments(columns: readonly Float64Array[], counts: Float64Array | undefined): JointMoments {
  const size = columns[0]!.length
  const n = counts ? sumOf(counts) : size
  const means = columns.map((column) => meanOf(column, counts, n))
  const centred = columns.map(() => new Float64Array(blockUnits))
  const weighted = new Float64Array(blockUnits)
  const products = columns.map(() => new Float64Array(columns.length))
  for (let from = 0; from < size; from += blockUnits) {
    const rows = Math.min(blockUnits, size - from)
    for (const [index, column] of columns.entries())
      for (let row = 0; row < rows; row++) centred[index]![row] = column[from + row]! - means[index]!
    for (const [index, own] of centred.entries()) {
      for (let row = 0; row < rows; row++)
        weighted[row] = counts ? counts[from + row]! * own[row]! : own[row]!
      addBlockSums(centred, 0, rows, weighted, products[index]!)
    }
  }
  return { n, means, covariances: products.map((row) => Array.from(row, (value) => value / (n - 1))) }
}

function meanOf(column: Float64Array, counts: Float64Array | undefined, n: number): number {
  if (!counts) return sumOf(column) / n
  let sum = 0
  for (let unit = 0; unit < column.length; unit++) sum += counts[unit]! * column[unit]!
  return sum / n
}

function sumOf(values: Float64Array): number {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum
}
