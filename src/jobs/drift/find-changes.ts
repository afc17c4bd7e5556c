import type { DriftSpec } from '../../core/drift-spec.ts'
import type { DriftChangeRow } from '../../core/drift-tables.ts'
import {
  adjustPValues,
  type ChangePoint,
  changePoint,
  changePoints,
  type DailySeries,
  type Refusal,
} from '../../stats/index.ts'
import { cellLayout, inBins } from './cell-layout.ts'
import type { ColumnDays } from './data/fetch-days.ts'
import type { DriftData } from './drift-data.ts'
import { dateOf } from './drift-periods.ts'
import { momentsOf, sampleOf } from './sample.ts'

/** Categories that never come to this share of the rows are not looked at for changes. */
const leastShare = 0.01

interface WatchedSeries {
  readonly days: ColumnDays
  readonly series: DriftChangeRow['series']
  readonly category: string | null
  readonly daily: DailySeries
}

/**
 * Looks for the days from which means and shares differ, in everything that the job has seen. The first change of each
 * series is tested in one family over columns and segments; those beside it at a level for all series together.
 */
export function findChanges(
  data: DriftData,
  { multiplicity, alpha }: Pick<DriftSpec, 'multiplicity' | 'alpha'>,
  head: Pick<DriftChangeRow, 'job' | 'runId' | 'asOf'>,
): DriftChangeRow[] {
  const watched = data.series.flatMap((days) => seriesOf(days, data))
  const firsts = watched.map(({ daily }) => changePoint(daily))
  const known = firsts.flatMap((first) => ('refused' in first ? [] : [first.pValue]))
  const adjusted = multiplicity === 'none' || known.length === 0 ? known : adjustPValues(known, multiplicity)
  if ('refused' in adjusted) throw new Error(adjusted.refused)
  let place = 0
  return watched.flatMap((one, index): DriftChangeRow[] => {
    const first = firsts[index]!
    const { columnName, segmentName, segmentValue } = {
      columnName: data.columns[one.days.column]!.column,
      ...one.days,
    }
    const about = {
      ...head,
      columnName,
      segmentName,
      segmentValue,
      series: one.series,
      category: one.category,
    }
    const nothing = { changedOn: null, before: null, after: null, pValue: null, pValueAdjusted: null }
    if ('refused' in first) return [{ ...about, ...nothing, verdict: 'refused', reason: first.refused }]
    const pValueAdjusted = adjusted[place++]!
    if (pValueAdjusted > alpha)
      return [{ ...about, ...nothing, pValue: first.pValue, pValueAdjusted, verdict: 'none', reason: null }]
    const level = multiplicity === 'none' ? alpha : alpha / known.length
    return allChanges(one.daily, Math.max(level, first.pValue)).map((point) => ({
      ...about,
      changedOn: dateOf(data.periods.all.start + point.at),
      before: point.before,
      after: point.after,
      pValue: point.pValue,
      pValueAdjusted: point.at === first.at ? pValueAdjusted : Math.min(1, point.pValue * known.length),
      verdict: 'change',
      reason: null,
    }))
  })
}

function allChanges(daily: DailySeries, level: number): readonly ChangePoint[] {
  const all: ReturnType<typeof changePoints> | Refusal = changePoints(daily, level)
  return 'refused' in all ? [] : all.found
}

/** The series of a column in a segment: the mean of a number, the share of each category, the share that is missing. */
function seriesOf(days: ColumnDays, { cells, periods }: DriftData): WatchedSeries[] {
  const own = cells[days.column]!
  const layout = cellLayout(own)
  const size = periods.all.end - periods.all.start
  const byDay = Array.from({ length: size }, (_, index) => {
    const start = periods.all.start + index
    return sampleOf(
      days.days.filter(({ day }) => day === start),
      [{ start, end: start + 1 }],
      layout.cells,
    )
  })
  const daily = (of: (index: number) => { readonly value: number; readonly weight: number }): DailySeries => {
    const points = byDay.map((_, index) => of(index))
    return {
      values: points.map(({ value, weight }) => (weight > 0 ? value : 0)),
      weights: points.map(({ weight }) => weight),
    }
  }
  const missing: WatchedSeries[] = byDay.some((sample) => sample.missing > 0)
    ? [
        {
          days,
          series: 'missing_share',
          category: null,
          daily: daily((index) => ({
            value: byDay[index]!.missing / byDay[index]!.rows,
            weight: byDay[index]!.rows,
          })),
        },
      ]
    : []
  if (own.kind === 'numeric') {
    const mean = daily((index) => {
      const { n, mean: value } = momentsOf(byDay[index]!, own.center)
      return { value, weight: n }
    })
    return [{ days, series: 'mean', category: null, daily: mean }, ...missing]
  }
  const binned = byDay.map(({ counts }) => inBins(layout, counts))
  const rows = binned.map((counts) => counts.reduce((all, count) => all + count, 0))
  // Of a boolean one share says what the other does.
  const bins = own.kind === 'boolean' ? [1] : [...layout.bins.keys()]
  const shares = bins
    .filter((bin) =>
      binned.some((counts, index) => counts[bin]! >= leastShare * rows[index]! && counts[bin]! > 0),
    )
    .map(
      (bin): WatchedSeries => ({
        days,
        series: 'share',
        category: layout.bins[bin]!.label,
        daily: daily((index) => ({ value: binned[index]![bin]! / rows[index]!, weight: rows[index]! })),
      }),
    )
  return [...shares, ...missing]
}
