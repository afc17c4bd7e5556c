import type { DriftSpec } from '../../core/drift-spec.ts'
import type {
  DriftCellRow,
  DriftChangeRow,
  DriftDayRow,
  DriftFindingRow,
  DriftRow,
} from '../../core/drift-tables.ts'
import { populationStabilityIndex } from '../../stats/index.ts'
import { type CellLayout, cellLayout, inBins } from './cell-layout.ts'
import { type ComparedSamples, compareWindow, type WindowComparison } from './compare-window.ts'
import type { ColumnDays } from './data/fetch-days.ts'
import type { DriftData } from './drift-data.ts'
import { type DriftWindow, dateOf, overlap } from './drift-periods.ts'
import { findChanges } from './find-changes.ts'
import { judge } from './judge.ts'
import { momentsOf, sampleOf } from './sample.ts'

/** The rows of all tables of a drift job. */
export interface DriftTables {
  readonly findings: readonly DriftFindingRow[]
  readonly distributions: readonly DriftCellRow[]
  readonly days: readonly DriftDayRow[]
  readonly changes: readonly DriftChangeRow[]
}

type Head = Pick<DriftRow, 'job' | 'runId' | 'asOf'>

/** One column in one segment and window, with what was found or why nothing was looked for. */
interface Looked {
  readonly days: ColumnDays
  readonly window: DriftWindow
  readonly layout: CellLayout
  readonly samples: ComparedSamples
  readonly comparison: WindowComparison | { readonly refused: string }
}

/** Compares, judges, and looks for the days of change. */
export function analyseDrift(spec: DriftSpec, data: DriftData, head: Head): DriftTables {
  const layouts = data.cells.map(cellLayout)
  const looked = data.series.flatMap((days) =>
    data.periods.windows.map((window) => lookAt(spec, data, days, window, layouts[days.column]!)),
  )
  const compared = looked.flatMap((one) =>
    'refused' in one.comparison
      ? []
      : [{ column: data.columns[one.days.column]!, comparison: one.comparison, one }],
  )
  const judged = new Map(judge(compared, spec).map((shifts, index) => [compared[index]!.one, shifts]))
  return {
    findings: looked.flatMap((one): DriftFindingRow[] => {
      const about = { ...windowHead(one, data, head), ...sizesOf(one, data) }
      const shifts = judged.get(one)
      if (!shifts) return [refusedRow(about, one.comparison)]
      return shifts.map(({ shift, threshold, pValue, pValueAdjusted, dispersion, verdict, reason }) => ({
        ...about,
        statistic: shift.statistic,
        value: typeof shift.value === 'number' ? shift.value : null,
        referenceValue: shift.referenceValue ?? null,
        currentValue: shift.currentValue ?? null,
        pValue,
        pValueAdjusted,
        warnAt: threshold.warn ?? null,
        failAt: threshold.fail ?? null,
        verdict,
        reason,
        dispersion,
      }))
    }),
    distributions: looked.flatMap((one) => cellRows(one, windowHead(one, data, head))),
    days: data.series.flatMap((days) => dayRows(days, data, layouts[days.column]!, head)),
    changes: findChanges(data, spec, head),
  }
}

function lookAt(
  { leastRows }: DriftSpec,
  { cells, periods }: DriftData,
  days: ColumnDays,
  window: DriftWindow,
  layout: CellLayout,
): Looked {
  const sample = (...ranges: Parameters<typeof sampleOf>[1]) => sampleOf(days.days, ranges, layout.cells)
  const samples: ComparedSamples = {
    reference: sample(...window.references),
    current: sample(window),
    windows: window.references.map((range) => sample(range)),
  }
  const looked = { days, window, layout, samples }
  const refused = (reason: string): Looked => ({ ...looked, comparison: { refused: reason } })
  if (periods.reference.start >= window.end) return refused('the reference comes after the window')
  if (overlap(window, periods.reference)) return refused('the reference reaches into the window')
  if (samples.reference.rows < leastRows)
    return refused(`the reference has ${samples.reference.rows} rows, and ${leastRows} are needed`)
  if (samples.current.rows < leastRows)
    return refused(`the window has ${samples.current.rows} rows, and ${leastRows} are needed`)
  return { ...looked, comparison: compareWindow(samples, cells[days.column]!, layout) }
}

function columnHead({ column, segmentName, segmentValue }: ColumnDays, { columns }: DriftData, head: Head) {
  return { ...head, columnName: columns[column]!.column, segmentName, segmentValue }
}

function windowHead({ days, window }: Looked, data: DriftData, head: Head) {
  return {
    ...columnHead(days, data, head),
    windowDays: window.days,
    windowStart: dateOf(window.start),
    windowEnd: dateOf(window.end - 1),
  }
}

function sizesOf({ days, window, samples }: Looked, { columns }: DriftData) {
  return {
    columnKind: columns[days.column]!.kind,
    nReference: samples.reference.rows,
    nCurrent: samples.current.rows,
    referenceWindows: window.references.length,
  }
}

/** One row for all statistics of a comparison that was not made. */
function refusedRow(
  about: ReturnType<typeof windowHead> & ReturnType<typeof sizesOf>,
  comparison: Looked['comparison'],
): DriftFindingRow {
  const unknown = {
    value: null,
    referenceValue: null,
    currentValue: null,
    pValue: null,
    pValueAdjusted: null,
  }
  return {
    ...about,
    ...unknown,
    statistic: 'psi',
    warnAt: null,
    failAt: null,
    verdict: 'refused',
    reason: 'refused' in comparison ? comparison.refused : null,
    dispersion: null,
  }
}

function cellRows({ samples, layout }: Looked, about: ReturnType<typeof windowHead>): DriftCellRow[] {
  const [before, after] = [inBins(layout, samples.reference.counts), inBins(layout, samples.current.counts)]
  const [n, m] = [samples.reference.rows, samples.current.rows]
  const row = (cell: number, label: string, referenceRows: number, currentRows: number) => ({
    ...about,
    cell,
    label,
    lower: layout.bins[cell]?.lower ?? null,
    upper: layout.bins[cell]?.upper ?? null,
    referenceRows,
    currentRows,
    referenceShare: n > 0 ? referenceRows / n : null,
    currentShare: m > 0 ? currentRows / m : null,
  })
  return [
    ...layout.bins
      .map(({ label }, bin) => row(bin, label, before[bin]!, after[bin]!))
      .filter(({ referenceRows, currentRows }) => referenceRows + currentRows > 0),
    ...(samples.reference.missing + samples.current.missing > 0
      ? [row(layout.bins.length, 'missing', samples.reference.missing, samples.current.missing)]
      : []),
  ]
}

function dayRows(days: ColumnDays, data: DriftData, layout: CellLayout, head: Head): DriftDayRow[] {
  const { reference } = data.periods
  const cells = data.cells[days.column]!
  const before = inBins(layout, sampleOf(days.days, [reference], layout.cells).counts)
  return days.days.map((counts) => {
    const sample = sampleOf([counts], [{ start: counts.day, end: counts.day + 1 }], layout.cells)
    const bins = inBins(layout, sample.counts)
    const psi = populationStabilityIndex({ reference: before, current: bins })
    const n = sample.rows - sample.missing
    const mean =
      cells.kind === 'numeric'
        ? momentsOf(sample, cells.center).mean
        : cells.kind === 'boolean'
          ? bins[1]! / n
          : null
    return {
      ...columnHead(days, data, head),
      day: dateOf(counts.day),
      isReference: counts.day >= reference.start && counts.day < reference.end,
      rows: sample.rows,
      missingShare: sample.missing / sample.rows,
      mean: n > 0 ? mean : null,
      psi: typeof psi === 'number' ? psi : null,
    }
  })
}
