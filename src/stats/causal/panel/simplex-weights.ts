/** A least-squares problem whose weights are 0 or more and sum to 1. */
export interface SimplexProblem {
  /** Columns to be weighted, each of the same length. */
  readonly columns: readonly Float64Array[]
  readonly target: Float64Array
  /** Added to the mean squared error: ridge·Σw². */
  readonly ridge?: number
  /** Whether a constant may be added to what is weighted. */
  readonly intercept?: boolean
}

const mostSteps = 20_000
const smallestGain = 1e-13

/**
 * Weights w ≥ 0 with Σw = 1 that make the mean of (target − Σ w·columns)² + ridge·Σw² smallest.
 *
 * By pairwise steps: weight goes from the used column with the steepest rise to the one with the steepest fall, exactly as much
 * as is best; they converge linearly (Lacoste-Julien and Jaggi 2015, "Pairwise Frank–Wolfe"). Ends when no exchange gains more
 * than 1e-13 of the target's variance.
 */
export function simplexWeights({
  columns,
  target,
  ridge = 0,
  intercept = false,
}: SimplexProblem): Float64Array {
  const length = target.length
  // As weights sum to 1, a common level changes nothing but the digits that are left.
  const level = meanOf(target)
  const centered = [target, ...columns].map((values) => less(values, intercept ? meanOf(values) : level))
  const [goal, used] = [centered[0]!, centered.slice(1)]
  const products = used.map((a) => Float64Array.from(used, (b) => inner(a, b) / length))
  for (const [index, row] of products.entries()) row[index]! += ridge
  const crossed = Float64Array.from(used, (column) => inner(column, goal) / length)
  const weights = new Float64Array(used.length).fill(1 / used.length)
  // Half the gradient: P·w − c.
  const slopes = Float64Array.from(products, (row, index) => inner(row, weights) - crossed[index]!)
  const scale = inner(goal, goal) / length || 1
  for (let step = 0; step < mostSteps; step++) {
    let [best, worst] = [0, -1]
    for (let index = 0; index < weights.length; index++) {
      if (slopes[index]! < slopes[best]!) best = index
      if (weights[index]! > 0 && (worst < 0 || slopes[index]! > slopes[worst]!)) worst = index
    }
    const gain = slopes[worst]! - slopes[best]!
    if (!(gain > smallestGain * scale)) break
    const curvature = products[best]![best]! + products[worst]![worst]! - 2 * products[best]![worst]!
    const size = Math.min(weights[worst]!, curvature > 0 ? gain / curvature : Infinity)
    weights[best]! += size
    weights[worst] = size === weights[worst] ? 0 : weights[worst]! - size
    for (let index = 0; index < weights.length; index++)
      slopes[index]! += size * (products[best]![index]! - products[worst]![index]!)
  }
  return weights
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!
  return sum
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function less(values: Float64Array, level: number): Float64Array {
  return values.map((value) => value - level)
}
