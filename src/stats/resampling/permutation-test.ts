import { makeRandom } from '../random/philox.ts'
import { type Refusal, refuse } from '../refusal.ts'

/** Options of `permutationTest`. */
export interface PermutationOptions {
  /** Permutations drawn; 9,999 if not given. */
  readonly permutations?: number
  /** A safe integer. */
  readonly seed: number
  readonly alternative?: 'two-sided' | 'greater' | 'less'
  /**
   * What is compared: the difference of means ('difference'), or that over its unpooled standard error ('studentized',
   * the default), which also holds its level when the arms only have equal means and not equal distributions.
   */
  readonly statistic?: 'difference' | 'studentized'
}

/** The result of a test by permutation. */
export interface PermutationResult {
  /** Difference of means, treatment minus control. */
  readonly estimate: number
  readonly statistic: number
  readonly pValue: number
  readonly permutations: number
  /** Monte-Carlo standard error of the p-value. */
  readonly pValueError: number
}

/**
 * The Monte-Carlo randomisation test of no effect: how often a random exchange of arms gives as large a difference.
 *
 * Inputs: the outcomes of all units, and 1 or true for the treated. The p-value is (b + 1)/(m + 1). The same seed gives
 * the same p-value for the same order of rows. Refuses arms of fewer than 2 units, values that are no numbers, and no variance.
 * Source: Fisher (1935); the p-value Phipson and Smyth (2010); studentized Janssen (1997), Stat. Prob. Letters 36.
 */
export function permutationTest(
  outcome: ArrayLike<number>,
  treated: ArrayLike<number | boolean>,
  options: PermutationOptions,
): PermutationResult | Refusal {
  const { permutations = 9999, seed, alternative = 'two-sided', statistic = 'studentized' } = options
  const n = outcome.length
  const values = centered(outcome)
  const total = values.reduce((sum, value) => sum + value * value, 0)
  if (!Number.isFinite(total)) return refuse('the outcomes are not all finite numbers')
  const treatedRows: number[] = []
  const controlRows: number[] = []
  for (let row = 0; row < n; row++) (treated[row] ? treatedRows : controlRows).push(row)
  const size = treatedRows.length
  if (!(size >= 2 && n - size >= 2))
    return refuse(
      `too few units: ${size} treated and ${n - size} in control, and at least 2 are needed of each`,
    )
  if (!(total > 0)) return refuse('zero variance: the outcome is the same for every unit')
  const compare = (order: ArrayLike<number>) => comparison(values, order, size, total, statistic)
  const order = Uint32Array.from([...treatedRows, ...controlRows])
  const observed = compare(order)
  const random = makeRandom(seed)
  const limit = observed.statistic
  // What rounding makes of equal statistics counts as equal.
  const slack = 1e-12 * Math.abs(limit)
  let extreme = 0
  for (let permutation = 0; permutation < permutations; permutation++) {
    random.reseed(permutation)
    // The first `size` places of a shuffle.
    for (let place = 0; place < size; place++) {
      const other = place + random.int(n - place)
      const row = order[place]!
      order[place] = order[other]!
      order[other] = row
    }
    const drawn = compare(order).statistic
    if (
      alternative === 'greater'
        ? drawn >= limit - slack
        : alternative === 'less'
          ? drawn <= limit + slack
          : Math.abs(drawn) >= Math.abs(limit) - slack
    )
      extreme++
  }
  const pValue = (extreme + 1) / (permutations + 1)
  return {
    ...observed,
    pValue,
    permutations,
    pValueError: Math.sqrt((pValue * (1 - pValue)) / (permutations + 1)),
  }
}

function centered(outcome: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(outcome)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.map((value) => value - mean)
}

/** The difference when the first `size` rows of the order are treated; the values sum to 0. */
function comparison(
  values: Float64Array,
  order: ArrayLike<number>,
  size: number,
  total: number,
  kind: 'difference' | 'studentized',
): { estimate: number; statistic: number } {
  const rest = values.length - size
  let sum = 0
  let squares = 0
  for (let place = 0; place < size; place++) {
    const value = values[order[place]!]!
    sum += value
    squares += value * value
  }
  const estimate = sum / size + sum / rest
  if (kind === 'difference') return { estimate, statistic: estimate }
  const treatedPart = Math.max(0, squares - (sum * sum) / size) / (size - 1) / size
  const controlPart = Math.max(0, total - squares - (sum * sum) / rest) / (rest - 1) / rest
  return { estimate, statistic: estimate / Math.sqrt(treatedPart + controlPart) }
}
