/*
 * The rows of the tables that a drift job writes. Their columns are the fields' names in snake case.
 */

/** What every row says of itself; a segment is null for all rows. */
export interface DriftRow {
  readonly job: string
  readonly runId: string
  /** The instant that the row speaks about, ISO 8601. */
  readonly asOf: string
  readonly columnName: string
  readonly segmentName: string | null
  readonly segmentValue: string | null
}

/** How a shift is judged: informs where nobody said how far it may go. */
export type DriftVerdict = 'ok' | 'warn' | 'fail' | 'informs' | 'refused'

interface WindowRow extends DriftRow {
  readonly windowDays: number
  /** First and last day of the window. */
  readonly windowStart: string
  readonly windowEnd: string
}

/** `<job>`: one statistic of one column in one window and segment. */
export interface DriftFindingRow extends WindowRow {
  readonly columnKind: 'numeric' | 'categorical' | 'boolean'
  readonly statistic: string
  readonly value: number | null
  /** Of what has a value on either side: a mean, a quantile, a share. */
  readonly referenceValue: number | null
  readonly currentValue: number | null
  readonly pValue: number | null
  readonly pValueAdjusted: number | null
  readonly warnAt: number | null
  readonly failAt: number | null
  readonly verdict: DriftVerdict
  readonly reason: string | null
  readonly nReference: number
  readonly nCurrent: number
  /** Windows of the reference that the current one was compared with. */
  readonly referenceWindows: number
  /** How many times more windows vary than as many rows drawn one by one. */
  readonly dispersion: number | null
}

/** `<job>__distributions`: one cell of a column on both sides. */
export interface DriftCellRow extends WindowRow {
  readonly cell: number
  /** A category, or the range of a bin in words. */
  readonly label: string
  readonly lower: number | null
  readonly upper: number | null
  readonly referenceRows: number
  readonly currentRows: number
  readonly referenceShare: number | null
  readonly currentShare: number | null
}

/** `<job>__days`: one column on one day. */
export interface DriftDayRow extends DriftRow {
  readonly day: string
  readonly isReference: boolean
  readonly rows: number
  readonly missingShare: number | null
  /** Of numbers; of a boolean the share that is true. */
  readonly mean: number | null
  /** Of the day against the days of the reference. */
  readonly psi: number | null
}

/** `<job>__changes`: a series of a column, with a day from which it differs or none. */
export interface DriftChangeRow extends DriftRow {
  readonly series: 'mean' | 'share' | 'missing_share'
  /** Of a share. */
  readonly category: string | null
  /** The first day that differs; null where none was found. */
  readonly changedOn: string | null
  readonly before: number | null
  readonly after: number | null
  readonly pValue: number | null
  readonly pValueAdjusted: number | null
  readonly verdict: 'change' | 'none' | 'refused'
  readonly reason: string | null
}
