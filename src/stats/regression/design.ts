import { addBlockSums } from './block-sums.ts'

/*
 * The covariates of units, column by column, and the sums over units that fits need. Sums are taken in blocks of
 * units, so that the columns of a block stay in the processor's cache.
 */

export interface Design {
  readonly n: number
  /** Each of length n; the first is all ones where the design has an intercept. */
  readonly columns: readonly Float64Array[]
}

const blockSize = 2048

/** A design from covariates, with a column of ones before them. */
export function withIntercept(n: number, covariates: readonly Float64Array[]): Design {
  return { n, columns: [new Float64Array(n).fill(1), ...covariates] }
}

/** Σ wᵢ·xᵢ·xᵢᵀ, weights 1 where none are given. */
export function weightedProducts({ n, columns }: Design, weights?: Float64Array): number[][] {
  const width = columns.length
  const sums = columns.map(() => new Float64Array(width))
  const weighted = new Float64Array(blockSize)
  const firsts = columns.map((_, index) => columns.slice(0, index + 1))
  for (let start = 0; start < n; start += blockSize) {
    const size = Math.min(blockSize, n - start)
    for (let i = 0; i < width; i++) {
      const a = columns[i]!
      for (let row = 0; row < size; row++)
        weighted[row] = weights ? a[start + row]! * weights[start + row]! : a[start + row]!
      addBlockSums(firsts[i]!, start, size, weighted, sums[i]!)
    }
  }
  return sums.map((row, i) => Array.from(row, (value, j) => (j <= i ? value : sums[j]![i]!)))
}

/** Σ vᵢ·xᵢ. */
export function weightedSums({ n, columns }: Design, values: Float64Array): number[] {
  return columns.map((column) => {
    let sum = 0
    for (let start = 0; start < n; start += blockSize) {
      // Sums of sums lose less than one long sum.
      let part = 0
      const end = Math.min(start + blockSize, n)
      for (let row = start; row < end; row++) part += column[row]! * values[row]!
      sum += part
    }
    return sum
  })
}

/** xᵢᵀ·b for every unit, added to `into` with the factor that each unit has. */
export function addLinear(
  { n, columns }: Design,
  coefficients: readonly number[],
  into: Float64Array,
  factors?: Float64Array,
): void {
  const block = new Float64Array(blockSize)
  for (let start = 0; start < n; start += blockSize) {
    const size = Math.min(blockSize, n - start)
    block.fill(0)
    for (const [index, column] of columns.entries()) {
      const coefficient = coefficients[index]!
      for (let row = 0; row < size; row++) block[row]! += coefficient * column[start + row]!
    }
    for (let row = 0; row < size; row++)
      into[start + row]! += factors ? block[row]! * factors[start + row]! : block[row]!
  }
}

/** xᵢᵀ·b for every unit. */
export function linearPredictor(design: Design, coefficients: readonly number[]): Float64Array {
  const result = new Float64Array(design.n)
  addLinear(design, coefficients, result)
  return result
}
