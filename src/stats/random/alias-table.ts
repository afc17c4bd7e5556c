import type { Random } from './random.ts'

/** Draws a category with probability proportional to its weight, in constant time whatever their number. */
export interface AliasTable {
  /** The number of categories. */
  readonly size: number
  /** The index of a category. */
  draw(random: Random): number
}

/**
 * Prepares draws from categories with these weights (≥ 0, finite, at least one > 0; they need not sum to 1).
 *
 * Source: Walker (1977), in the numerically stable form of Vose (1991), "A linear algorithm for generating
 * random numbers with a given distribution", IEEE TSE 17(9). One uniform draw gives both the column and the
 * choice within it.
 */
export function makeAliasTable(weights: readonly number[]): AliasTable {
  const size = weights.length
  const total = checkedTotal(weights)
  const keep = new Float64Array(size).fill(1)
  const alias = new Int32Array(size)
  const scaled = Float64Array.from(weights, (weight) => (weight / total) * size)
  const small: number[] = []
  const large: number[] = []
  for (let index = size - 1; index >= 0; index--) (scaled[index]! < 1 ? small : large).push(index)
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop()!
    const rich = large.pop()!
    keep[poor] = scaled[poor]!
    alias[poor] = rich
    scaled[rich] = scaled[rich]! + scaled[poor]! - 1
    ;(scaled[rich]! < 1 ? small : large).push(rich)
  }
  settleLeftovers(small, weights, keep, alias)
  return {
    size,
    draw(random) {
      const point = random.uniform() * size
      const column = Math.floor(point)
      return point - column < keep[column]! ? column : alias[column]!
    },
  }
}

function checkedTotal(weights: readonly number[]): number {
  let total = 0
  for (const weight of weights) {
    if (!(weight >= 0)) throw new RangeError(`weights must not be negative, and one is ${weight}`)
    total += weight
  }
  if (!(total > 0 && total < Infinity)) throw new RangeError('weights must have a positive, finite sum')
  return total
}

/** Rounding may leave small columns over: a column with weight keeps itself, an impossible one gives way. */
function settleLeftovers(
  leftovers: readonly number[],
  weights: readonly number[],
  keep: Float64Array,
  alias: Int32Array,
): void {
  if (leftovers.length === 0) return
  const heaviest = weights.reduce((best, weight, index) => (weight > weights[best]! ? index : best), 0)
  for (const index of leftovers) {
    if (weights[index]! > 0) continue
    keep[index] = 0
    alias[index] = heaviest
  }
}
