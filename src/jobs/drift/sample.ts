import type { DayCounts } from './data/fetch-days.ts'
import type { DayRange } from './drift-periods.ts'

/** What a column has on some days together. */
export interface Sample {
  /** Rows, those with a missing value among them. */
  readonly rows: number
  readonly missing: number
  readonly counts: readonly number[]
  /** By cell, what the numbers in it exceed the centre by. */
  readonly sums: readonly number[]
  readonly squares: number
}

/** The days within the ranges put together. */
export function sampleOf(days: readonly DayCounts[], ranges: readonly DayRange[], cells: number): Sample {
  const counts = new Array<number>(cells).fill(0)
  const sums = new Array<number>(cells).fill(0)
  let [missing, squares] = [0, 0]
  for (const day of days) {
    if (!ranges.some(({ start, end }) => day.day >= start && day.day < end)) continue
    missing += day.missing
    squares += day.squares
    for (const [place, cell] of day.cells.entries()) {
      counts[cell]! += day.counts[place]!
      sums[cell]! += day.sums[place] ?? 0
    }
  }
  return { rows: missing + total(counts), missing, counts, sums, squares }
}

/** Rows with a value, its mean and its variance (divisor n − 1). */
export function momentsOf(
  { counts, sums, squares }: Sample,
  center: number,
): { readonly n: number; readonly mean: number; readonly variance: number } {
  const n = total(counts)
  const above = total(sums)
  return {
    n,
    mean: center + above / n,
    variance: Math.max(0, (squares - (above * above) / n) / (n - 1)),
  }
}

/** The mean of the hundredth of the reference in which a quantile of the sample lies. */
export function quantileOf({ counts, sums }: Sample, center: number, share: number): number | null {
  const wanted = share * total(counts)
  let passed = 0
  for (const [cell, count] of counts.entries()) {
    passed += count
    if (count > 0 && passed >= wanted) return center + sums[cell]! / count
  }
  return null
}

/** The means of the cells that have rows, with their rows: the sample as a distribution of few values. */
export function cellMeans({ counts, sums }: Sample, center: number) {
  const filled = [...counts.keys()].filter((cell) => counts[cell]! > 0)
  return {
    values: filled.map((cell) => center + sums[cell]! / counts[cell]!),
    weights: filled.map((cell) => counts[cell]!),
  }
}

function total(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
