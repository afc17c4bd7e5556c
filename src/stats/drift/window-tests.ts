import { fSf } from '../distributions/beta.ts'
import { chiSquareSf } from '../distributions/gamma.ts'
import { studentTCdf } from '../distributions/student-t.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { type CellCounts, sum } from './divergence.ts'

/*
 * Tests of a window of days against the windows of a reference. Rows of one day resemble each other and users come back,
 * so windows differ by more than the rows of a lottery would: how much is seen in the windows of the reference, which are
 * as long as the one that is tested and begin on the same weekday. The tests hold their level as far as these windows
 * are alike and independent; what binds one week to the next makes them too ready to alarm.
 */

/** The fewest windows of the reference that tell how windows vary. */
export const leastWindows = 4

/** Rows and mean of a number in one window. */
export interface WindowMean {
  readonly n: number
  readonly mean: number
}

export interface WindowTest {
  readonly statistic: number
  readonly degreesOfFreedom: number
  readonly pValue: number
  /** How many times more windows vary than as many rows drawn one by one. */
  readonly dispersion: number
}

/**
 * Pearson's test that two samples of independent rows come from the same distribution over cells; cells that are empty
 * in both are left out. Refuses fewer than two cells and a sample without rows. Source: Pearson (1900).
 */
export function chiSquaredHomogeneity(counts: CellCounts): WindowTest | Refusal {
  const statistic = pearson(counts)
  if (typeof statistic !== 'number') return statistic
  const degreesOfFreedom = filled(counts).length - 1
  return { statistic, degreesOfFreedom, pValue: chiSquareSf(statistic, degreesOfFreedom), dispersion: 1 }
}

/**
 * The same where rows are not independent: the statistic over what it comes to on average between the windows of the
 * reference, by an F distribution.
 *
 * Inputs: the cell counts of each window of the reference, and of the current one. With zₖ the Pearson residuals of window
 * k about the reference's shares and S = Σ zₖzₖᵀ/(K − 1), X²/tr S is compared with F(ν, ν(K − 1)), where ν =
 * (tr S)²/tr S² counts the directions in which windows vary: of few windows too few, which makes the test slow to alarm
 * rather than quick. Windows never count as less variable than independent rows. Refuses fewer than 4 windows, fewer than
 * two cells, and samples without rows. Source: Rao and Scott (1981, 1984), second-order correction; as an F Thomas and
 * Rao (1987).
 */
export function windowedHomogeneity(
  windows: readonly (readonly number[])[],
  current: readonly number[],
): WindowTest | Refusal {
  const used = windows.filter((window) => sum(window) > 0)
  if (used.length < leastWindows) return tooFewWindows(used.length)
  const counts = { reference: current.map((_, cell) => sum(used.map((window) => window[cell]!))), current }
  const statistic = pearson(counts)
  if (typeof statistic !== 'number') return statistic
  const cells = filled(counts)
  const between = used.length - 1
  const total = sum(counts.reference)
  const residuals = used.map((window) => {
    const n = sum(window)
    return cells.flatMap((cell) => {
      const expected = (counts.reference[cell]! / total) * n
      return expected > 0 ? [(window[cell]! - expected) / Math.sqrt(expected)] : []
    })
  })
  const products = residuals.map((a) => residuals.map((b) => sum(a.map((value, cell) => value * b[cell]!))))
  const trace = sum(products.map((row, index) => row[index]!)) / between
  const squares = sum(products.map((row) => sum(row.map((value) => value * value)))) / between ** 2
  const size = cells.length - 1
  const degreesOfFreedom = trace > size ? Math.min(size, trace ** 2 / squares) : size
  const f = statistic / Math.max(trace, size)
  return {
    statistic,
    degreesOfFreedom,
    pValue: fSf(f, degreesOfFreedom, degreesOfFreedom * between),
    dispersion: Math.max(1, trace / size),
  }
}

/**
 * The test of a window's distribution: twice the smaller p-value of `windowedHomogeneity`, which sees many small shifts,
 * and of the cell that has moved most for its own variation between windows (`windowedMeanShift`, times the number of
 * cells), which sees one that used to be still though others swing. Holds its level however the two hang together
 * (Bonferroni). Cells are put together where five rows, or one, are not to be expected in the smaller sample. Refuses what
 * `windowedHomogeneity` refuses.
 */
export function windowedDistribution(
  windows: readonly (readonly number[])[],
  current: readonly number[],
): WindowTest | Refusal {
  const pooled = poolRareCells([...windows, current])
  const whole = windowedHomogeneity(pooled.slice(0, -1), pooled.at(-1)!)
  if ('refused' in whole) return whole
  const samples = poolRareCells([...windows, current], 1).map((counts) => ({ counts, n: sum(counts) }))
  const total = sum(samples.map(({ n }) => n))
  const cells = samples[0]!.counts.flatMap((_, cell) => {
    const share = sum(samples.map(({ counts }) => counts[cell]!)) / total
    const shares = samples.map(({ counts, n }) => ({ n, mean: n > 0 ? counts[cell]! / n : 0 }))
    const test = windowedMeanShift(shares.slice(0, -1), shares.at(-1)!, share * (1 - share))
    return 'refused' in test ? [] : [test.pValue]
  })
  const pValue = Math.min(1, 2 * whole.pValue, 2 * cells.length * Math.min(...cells))
  return { ...whole, pValue }
}

/**
 * Student's test that the mean of the current window is that of the reference, where windows vary as those of the
 * reference do: the difference over √(s²(1/n + 1/N)), s² = Σ nₖ(mₖ − m)²/(K − 1), with K − 1 degrees of freedom.
 *
 * `leastVariance` is the variance of a row below which s² is not believed: that of a share. Refuses fewer than 4 windows
 * and numbers that never vary. Source: the random-effects analysis of variance, Searle, Casella and McCulloch (1992), 3.
 */
export function windowedMeanShift(
  windows: readonly WindowMean[],
  current: WindowMean,
  leastVariance = 0,
): WindowTest | Refusal {
  const used = windows.filter(({ n }) => n > 0)
  if (used.length < leastWindows) return tooFewWindows(used.length)
  if (!(current.n > 0)) return refuse('the window has no rows')
  const total = sum(used.map(({ n }) => n))
  const mean = sum(used.map((window) => window.n * window.mean)) / total
  const degreesOfFreedom = used.length - 1
  const between = sum(used.map((window) => window.n * (window.mean - mean) ** 2)) / degreesOfFreedom
  const variance = Math.max(between, leastVariance)
  if (!(variance > 0)) return refuse('nothing varies between the windows of the reference')
  const statistic = (current.mean - mean) / Math.sqrt(variance * (1 / current.n + 1 / total))
  return {
    statistic,
    degreesOfFreedom,
    pValue: 2 * studentTCdf(-Math.abs(statistic), degreesOfFreedom),
    dispersion: leastVariance > 0 ? variance / leastVariance : Number.NaN,
  }
}

/**
 * How many times more the distribution function of ordered counts varies between windows than between as many rows drawn
 * one by one, as a mean over the cells weighted by F(1 − F); at least 1, and 1 where there are fewer than two windows.
 */
export function windowedDispersion(windows: readonly (readonly number[])[]): number {
  const used = windows.map((counts) => ({ counts, n: sum(counts) })).filter(({ n }) => n > 0)
  if (used.length < 2) return 1
  const total = sum(used.map(({ n }) => n))
  const below = used.map(() => 0)
  let [between, within] = [0, 0]
  for (const cell of used[0]!.counts.keys()) {
    for (const [index, { counts }] of used.entries()) below[index]! += counts[cell]!
    const share = sum(below) / total
    between += sum(used.map(({ n }, index) => n * (below[index]! / n - share) ** 2)) / (used.length - 1)
    within += share * (1 - share)
  }
  return within > 0 ? Math.max(1, between / within) : 1
}

/**
 * Puts cells together, the rarest first, until each but one is expected to hold so many rows of the smaller sample, where
 * the last row is one sample and those before it are the other; the order of the cells is lost. With fewer than five
 * Pearson's statistic is no chi-squared (Cochran 1954).
 */
export function poolRareCells(rows: readonly (readonly number[])[], leastExpected = 5): number[][] {
  const sizes = rows.map(sum)
  const all = sum(sizes)
  const smaller = Math.min(sizes.at(-1) ?? 0, all - (sizes.at(-1) ?? 0))
  const columns = (rows[0] ?? [])
    .map((_, cell) => ({ total: sum(rows.map((row) => row[cell]!)), cells: [cell] }))
    .filter(({ total }) => total > 0)
    .sort((a, b) => a.total - b.total)
  while (columns.length > 2 && (columns[0]!.total / all) * smaller < leastExpected) {
    const [first, second] = columns.splice(0, 2) as [(typeof columns)[0], (typeof columns)[0]]
    const joined = { total: first.total + second.total, cells: [...first.cells, ...second.cells] }
    const place = columns.findIndex(({ total }) => total > joined.total)
    columns.splice(place < 0 ? columns.length : place, 0, joined)
  }
  return rows.map((row) => columns.map(({ cells }) => sum(cells.map((cell) => row[cell]!))))
}

function pearson({ reference, current }: CellCounts): number | Refusal {
  const [n, m] = [sum(reference), sum(current)]
  if (!(n > 0)) return refuse('the reference has no rows')
  if (!(m > 0)) return refuse('the window has no rows')
  const cells = filled({ reference, current })
  if (cells.length < 2) return refuse('all rows are in one cell')
  return sum(
    cells.map((cell) => {
      const share = (reference[cell]! + current[cell]!) / (n + m)
      return (current[cell]! / m - reference[cell]! / n) ** 2 / (share * (1 / n + 1 / m))
    }),
  )
}

/** The cells that hold a row of either sample. */
function filled({ reference, current }: CellCounts): number[] {
  return reference.flatMap((count, cell) => (count > 0 || current[cell]! > 0 ? [cell] : []))
}

/** Why windows that are so few do not tell how windows vary. */
export function tooFewWindows(found: number): Refusal {
  return refuse(
    `the reference has rows in ${found} ${found === 1 ? 'window' : 'windows'} like this one, and ${leastWindows} are needed to see how windows vary`,
  )
}
