import { addBlockSums, blockUnits, predictBlock } from '../../regression/block-sums.ts'
import type { Design } from '../../regression/design.ts'
import { dot, type Rows, timesVector } from '../../regression/symmetric-matrix.ts'

/*
 * Fits of data that are nearly those of a fit already made: the inverse of its products is kept, and gradients alone are
 * computed anew. Each pass shrinks the error by about √(columns / units), so that two or three do for many units.
 */

/** Where a fit starts, and the inverse of about its products. */
export interface WarmStart {
  readonly coefficients: readonly number[]
  readonly inverse: Rows
  /** What a squared step in the inverse's measure is counted in: the residual variance, 1 of a logit. */
  readonly scale: number
}

const mostPasses = 40
/** Squared error, in standard errors of the coefficients, that makes no difference to an effect. */
const negligible = 1e-9
/** A pass that leaves more of the squared error than that is not worth its time. */
const slowestRate = 0.3

/** The coefficients at which the gradient vanishes; undefined where the start is too far off to get there soon. */
function descend(
  start: WarmStart,
  gradientAt: (coefficients: readonly number[]) => readonly number[],
): readonly number[] | undefined {
  let coefficients = start.coefficients
  let before = Infinity
  for (let pass = 1; pass <= mostPasses; pass++) {
    const gradient = gradientAt(coefficients)
    const step = timesVector(start.inverse, gradient)
    const squared = dot(step, gradient) / start.scale
    if (!Number.isFinite(squared)) return undefined
    coefficients = coefficients.map((value, index) => value + step[index]!)
    const rate = squared / before
    if (squared < negligible || (pass > 1 && rate * squared < negligible)) return coefficients
    if (pass > 2 && rate > slowestRate) return undefined
    before = squared
  }
  return undefined
}

/** Maximum likelihood of a logit, units counting as often as `counts` says. */
export function warmLogit(
  { n, columns }: Design,
  treatment: Uint8Array,
  counts: Float64Array | undefined,
  start: WarmStart,
): readonly number[] | undefined {
  const block = new Float64Array(blockUnits)
  return descend(start, (coefficients) => {
    const sums = new Float64Array(columns.length)
    for (let from = 0; from < n; from += blockUnits) {
      const size = Math.min(blockUnits, n - from)
      predictBlock(columns, from, size, coefficients, block)
      for (let row = 0; row < size; row++) {
        const score = treatment[from + row]! - 1 / (1 + Math.exp(-block[row]!))
        block[row] = counts ? counts[from + row]! * score : score
      }
      addBlockSums(columns, from, size, block, sums)
    }
    return Array.from(sums)
  })
}

/** Least squares of one arm, units counting as often as `counts` says. */
export function warmLeastSquares(
  { n, columns }: Design,
  outcome: Float64Array,
  treatment: Uint8Array,
  arm: 0 | 1,
  counts: Float64Array | undefined,
  start: WarmStart,
): readonly number[] | undefined {
  const block = new Float64Array(blockUnits)
  return descend(start, (coefficients) => {
    const sums = new Float64Array(columns.length)
    for (let from = 0; from < n; from += blockUnits) {
      const size = Math.min(blockUnits, n - from)
      predictBlock(columns, from, size, coefficients, block)
      for (let row = 0; row < size; row++) {
        const isIn = treatment[from + row] === arm
        const count = counts ? counts[from + row]! : 1
        block[row] = isIn ? count * (outcome[from + row]! - block[row]!) : 0
      }
      addBlockSums(columns, from, size, block, sums)
    }
    return Array.from(sums)
  })
}
