import type { Quantiles } from './relation-profile.ts'

/** Where the bars of a histogram and the fences of a column lie. */
export interface Bars {
  readonly from: number
  readonly to: number
  readonly count: number
  /** Null where half of the values are the same: everything else would be an outlier. */
  readonly fences: { readonly lower: number; readonly upper: number } | null
}

const mostBars = 20

/** The quantiles among the seven numbers of the first scan. */
export function quantilesOf(numbers: readonly number[]): Quantiles {
  const [, p5, p25, p50, p75, p95] = numbers as [number, number, number, number, number, number, number]
  return { p5, p25, p50, p75, p95 }
}

/**
 * Chooses the bars: over the range of the values as far as it lies inside Tukey's fences (Tukey 1977, Exploratory
 * Data Analysis, 2D), so that a few strange values do not press all others into one bar. Bars of whole numbers hold
 * the same number of them each.
 */
export function chooseBars(numbers: readonly number[], isWhole: boolean): Bars {
  const least = numbers[0]!
  const greatest = numbers.at(-1)!
  const { p25, p75 } = quantilesOf(numbers)
  const spread = p75 - p25
  const fences = spread > 0 ? { lower: p25 - 1.5 * spread, upper: p75 + 1.5 * spread } : null
  const from = Math.max(least, fences?.lower ?? least)
  const to = Math.min(greatest, fences?.upper ?? greatest)
  if (!isWhole) return { from, to, count: from < to ? mostBars : 1, fences }
  const first = Math.ceil(from) - 0.5
  const values = Math.floor(to) + 0.5 - first
  const width = Math.ceil(values / mostBars)
  const count = Math.max(1, Math.ceil(values / width))
  // Beyond 2^53 halves are lost, and bars need some width.
  if (!(first < first + count * width)) return { from, to, count: 1, fences }
  return { from: first, to: first + count * width, count, fences }
}
