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
  /** Squared error, in standard errors of the coefficients, that makes no difference to what they are for. */
  readonly tolerance: number
  /** xᵀb of every unit at the start, where it is known. */
  readonly predicted?: Float64Array
  /** The gradient at the start, where it is known. */
  readonly gradient?: readonly number[]
  /** Whether the inverse is that of the very products: one step of least squares is all then. */
  readonly isExact?: boolean
}

const mostPasses = 40
/** A pass that leaves more of the squared error than that is not worth its time. */
const slowestRate = 0.3

/** The coefficients at which the gradient vanishes; undefined where the start is too far off to get there soon. */
function descend(
  start: WarmStart,
  units: number,
  gradientAt: (coefficients: readonly number[], isFirst: boolean) => readonly number[],
): readonly number[] | undefined {
  let coefficients = start.coefficients
  // What the first pass leaves is guessed, at several times what is usual.
  let rate = (4 * start.coefficients.length) / units
  let before = Infinity
  for (let pass = 1; pass <= mostPasses; pass++) {
    const gradient = (pass === 1 && start.gradient) || gradientAt(coefficients, pass === 1)
    const step = timesVector(start.inverse, gradient)
    const squared = dot(step, gradient) / start.scale
    if (!Number.isFinite(squared)) return undefined
    coefficients = coefficients.map((value, index) => value + step[index]!)
    if (start.isExact) return coefficients
    if (pass > 1) rate = squared / before
    if (rate * squared < start.tolerance) return coefficients
    if (pass > 2 && rate > slowestRate) return undefined
    before = squared
  }
  return undefined
}

/** Maximum likelihood of a logit, units counting as often as `counts` says. */
export function warmLogit(
  design: Design,
  treatment: Uint8Array,
  counts: Float64Array | undefined,
  start: WarmStart,
): readonly number[] | undefined {
  return descendBy(design, start, (from, size, block) => {
    for (let row = 0; row < size; row++) {
      const score = treatment[from + row]! - 1 / (1 + Math.exp(-block[row]!))
      block[row] = counts ? counts[from + row]! * score : score
    }
  })
}

/** Least squares of the units of one arm, or of all where none is named, units counting as often as `counts` says. */
export function warmLeastSquares(
  design: Design,
  outcome: Float64Array,
  among: { readonly treatment: Uint8Array; readonly arm: 0 | 1 } | undefined,
  counts: Float64Array | undefined,
  start: WarmStart,
): readonly number[] | undefined {
  return descendBy(design, start, (from, size, block) => {
    for (let row = 0; row < size; row++) {
      const isIn = !among || among.treatment[from + row] === among.arm
      const count = counts ? counts[from + row]! : 1
      block[row] = isIn ? count * (outcome[from + row]! - block[row]!) : 0
    }
  })
}

/** Descends where the gradient is the sum over units of xᵢ times what a block's xᵢᵀb turn into. */
function descendBy(
  { n, columns }: Design,
  start: WarmStart,
  turn: (from: number, size: number, block: Float64Array) => void,
): readonly number[] | undefined {
  const block = new Float64Array(blockUnits)
  return descend(start, n, (coefficients, isFirst) => {
    const known = isFirst ? start.predicted : undefined
    const sums = new Float64Array(columns.length)
    for (let from = 0; from < n; from += blockUnits) {
      const size = Math.min(blockUnits, n - from)
      if (known) block.set(known.subarray(from, from + size))
      else predictBlock(columns, from, size, coefficients, block)
      turn(from, size, block)
      addBlockSums(columns, from, size, block, sums)
    }
    return Array.from(sums)
  })
}
