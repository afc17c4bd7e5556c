import { type Refusal, refuse } from '../refusal.ts'
import { type CellCounts, sum } from './divergence.ts'

export interface KolmogorovSmirnov {
  /** The largest distance between the two empirical distribution functions at the ends of the cells. */
  readonly statistic: number
  readonly pValue: number
  readonly isExact: boolean
}

export interface KolmogorovSmirnovOptions {
  /** How many times more the share of a window varies than that of as many rows drawn one by one; 1 if not given. */
  readonly dispersion?: number
}

/** Up to so many pairs of rows the p-value is counted out. */
const mostExactPairs = 10_000

/**
 * The two-sample test of Kolmogorov and Smirnov from ordered counts: exact where every value has a cell of its own, and
 * otherwise too small by at most the largest share that one sample has within a cell.
 *
 * The two-sided p-value is counted over all orders of the rows where there are at most 10,000 pairs and rows are drawn one
 * by one (Hodges 1957, Ark. Mat. 3, sec. 3: exact without ties, and too large with them); otherwise it is Kolmogorov's
 * limit at √(nm/(n+m)/dispersion)·D. Refuses a sample without rows.
 */
export function kolmogorovSmirnov(
  counts: CellCounts,
  { dispersion = 1 }: KolmogorovSmirnovOptions = {},
): KolmogorovSmirnov | Refusal {
  const [n, m] = [sum(counts.reference), sum(counts.current)]
  if (!(n > 0)) return refuse('the reference has no rows')
  if (!(m > 0)) return refuse('the window has no rows')
  let [below, currentBelow, largest] = [0, 0, 0]
  for (const [index, count] of counts.reference.entries()) {
    below += count
    currentBelow += counts.current[index]!
    // In whole numbers, so that equal distances are equal.
    largest = Math.max(largest, Math.abs(below * m - currentBelow * n))
  }
  const statistic = largest / (n * m)
  if (dispersion === 1 && n * m <= mostExactPairs)
    return { statistic, pValue: exactTail(n, m, largest), isExact: true }
  const scaled = Math.sqrt((n * m) / (n + m) / dispersion) * statistic
  return { statistic, pValue: kolmogorovSf(scaled), isExact: false }
}

/**
 * P(√n·D ≥ x) in the limit: the tail of the largest distance of a Brownian bridge from zero. Source: Kolmogorov (1933);
 * below 1 by the theta function's other series, which converges there.
 */
export function kolmogorovSf(x: number): number {
  if (!(x > 0)) return 1
  if (x < 1) {
    let total = 0
    for (let k = 1; k <= 9; k += 2) total += Math.exp((-k * k * Math.PI * Math.PI) / (8 * x * x))
    return 1 - (Math.sqrt(2 * Math.PI) / x) * total
  }
  let total = 0
  for (let k = 1; k <= 10; k++) total += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x)
  return Math.min(1, total)
}

/** The share of the orders of n and m rows whose distance is at least `least`/(nm), by paths in the lattice. */
function exactTail(n: number, m: number, least: number): number {
  // The probability to be at (i, j) without having been that far; each step is one row, drawn from those that are left.
  let probabilities = new Float64Array(m + 1)
  for (let i = 0; i <= n; i++) {
    const next = new Float64Array(m + 1)
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * m - j * n) >= least) continue
      if (i === 0 && j === 0) next[j] = 1
      else
        next[j] =
          (i > 0 ? (probabilities[j]! * (n - i + 1)) / (n + m - i - j + 1) : 0) +
          (j > 0 ? (next[j - 1]! * (m - j + 1)) / (n + m - i - j + 1) : 0)
    }
    probabilities = next
  }
  return least === 0 ? 1 : Math.min(1, Math.max(0, 1 - probabilities[m]!))
}
