import type { DriftStatistic } from '../../core/drift-spec.ts'
import {
  jensenShannonDistance,
  kolmogorovSmirnov,
  leastWindows,
  populationStabilityIndex,
  type Refusal,
  standardizedShift,
  tooFewWindows,
  type WindowTest,
  wassersteinDistance,
  windowedDispersion,
  windowedDistribution,
  windowedMeanShift,
} from '../../stats/index.ts'
import { type CellLayout, inBins } from './cell-layout.ts'
import type { ColumnCells } from './data/fetch-cells.ts'
import { cellMeans, momentsOf, quantileOf, type Sample } from './sample.ts'

/*
 * One column in one window and segment: how far it has moved, and how surprising that is given how windows of the
 * reference differ.
 */

/** The tests that statistics lean on: one of the whole distribution, of its steps, of the mean, of what is missing. */
export type DriftTest = 'distribution' | 'ks' | 'mean' | 'missing'

export interface Shift {
  readonly statistic:
    | DriftStatistic
    | 'chi_squared'
    | 'unseen_share'
    | 'vanished_share'
    | 'p10'
    | 'p50'
    | 'p90'
  readonly value: number | Refusal
  readonly referenceValue?: number
  readonly currentValue?: number
  /** The test that tells whether it is more than chance; none for what only informs. */
  readonly test: DriftTest | null
  readonly note?: string
}

export interface TestResult {
  readonly pValue: number
  readonly dispersion: number
}

export interface WindowComparison {
  readonly shifts: readonly Shift[]
  readonly tests: Readonly<Partial<Record<DriftTest, TestResult | Refusal>>>
}

/** The two sides of a comparison, and the windows of the reference one by one. */
export interface ComparedSamples {
  readonly reference: Sample
  readonly current: Sample
  readonly windows: readonly Sample[]
}

/** Compares a window with its reference. */
export function compareWindow(
  samples: ComparedSamples,
  cells: ColumnCells,
  layout: CellLayout,
): WindowComparison {
  const { reference, current, windows } = samples
  const bins = { reference: inBins(layout, reference.counts), current: inBins(layout, current.counts) }
  const binned = windows.map(({ counts }) => inBins(layout, counts))
  const distribution = windowedDistribution(binned, bins.current)
  const numbers = cells.kind === 'numeric' ? compareNumbers(samples, cells.center) : null
  const shifts: Shift[] = [
    { statistic: 'psi', value: populationStabilityIndex(bins), test: 'distribution' },
    { statistic: 'js_distance', value: jensenShannonDistance(bins), test: 'distribution' },
    {
      statistic: 'chi_squared',
      value: 'refused' in distribution ? distribution : distribution.statistic,
      test: 'distribution',
    },
    ...(numbers?.shifts ?? []),
    ...(cells.kind === 'categorical' ? newAndGone(bins, layout) : []),
    missingShift(samples),
  ]
  return { shifts, tests: { distribution, ...numbers?.tests, missing: missingTest(samples) } }
}

function compareNumbers({ reference, current, windows }: ComparedSamples, center: number): WindowComparison {
  const [before, after] = [momentsOf(reference, center), momentsOf(current, center)]
  const ks = kolmogorovSmirnov(
    { reference: reference.counts, current: current.counts },
    { dispersion: windowedDispersion(windows.map(({ counts }) => counts)) },
  )
  const known = windows.filter(({ rows, missing }) => rows > missing).length
  const quantiles = ([10, 50, 90] as const).flatMap((percent): Shift[] => {
    const [own, now] = [reference, current].map((sample) => quantileOf(sample, center, percent / 100))
    if (own === null || own === undefined || now === null || now === undefined) return []
    return [
      { statistic: `p${percent}`, value: now - own, referenceValue: own, currentValue: now, test: null },
    ]
  })
  return {
    shifts: [
      { statistic: 'ks', value: 'refused' in ks ? ks : ks.statistic, test: 'ks' },
      {
        statistic: 'wasserstein',
        value: wassersteinDistance(cellMeans(reference, center), cellMeans(current, center)),
        test: 'distribution',
      },
      {
        statistic: 'mean_shift',
        value: standardizedShift(before, after),
        referenceValue: before.mean,
        currentValue: after.mean,
        test: 'mean',
      },
      ...quantiles,
    ],
    tests: {
      ks:
        'refused' in ks
          ? ks
          : known < leastWindows
            ? tooFewWindows(known)
            : { pValue: ks.pValue, dispersion: Number.NaN },
      mean: windowedMeanShift(
        windows.map((window) => momentsOf(window, center)),
        after,
      ),
    },
  }
}

/** Categories that only one side has. */
function newAndGone(
  { reference, current }: { readonly reference: readonly number[]; readonly current: readonly number[] },
  { bins }: CellLayout,
): Shift[] {
  const share = (own: readonly number[], other: readonly number[]) => {
    const found = [...bins.keys()].filter((bin) => own[bin]! > 0 && other[bin] === 0)
    const rows = own.reduce((all, count) => all + count, 0)
    const named = found.map((bin) => bins[bin]!.label)
    return {
      value: found.reduce((all, bin) => all + own[bin]!, 0) / rows,
      ...(named.length > 0 && {
        note: `${named.slice(0, 5).join(', ')}${named.length > 5 ? ` and ${named.length - 5} more` : ''}`,
      }),
    }
  }
  return [
    { statistic: 'unseen_share', ...share(current, reference), test: null },
    { statistic: 'vanished_share', ...share(reference, current), test: null },
  ]
}

function missingShift({ reference, current }: ComparedSamples): Shift {
  const [before, after] = [reference.missing / reference.rows, current.missing / current.rows]
  return {
    statistic: 'missing_shift',
    value: after - before,
    referenceValue: before,
    currentValue: after,
    // Where nothing is missing on either side there is nothing to test.
    test: reference.missing + current.missing > 0 ? 'missing' : null,
  }
}

function missingTest({ reference, current, windows }: ComparedSamples): WindowTest | Refusal {
  const share = (reference.missing + current.missing) / (reference.rows + current.rows)
  return windowedMeanShift(
    windows.map(({ rows, missing }) => ({ n: rows, mean: rows > 0 ? missing / rows : 0 })),
    { n: current.rows, mean: current.missing / current.rows },
    share * (1 - share),
  )
}
