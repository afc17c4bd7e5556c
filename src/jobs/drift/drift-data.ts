import type { ColumnCells } from './data/fetch-cells.ts'
import type { ColumnDays } from './data/fetch-days.ts'
import type { WatchedColumn } from './data/watched-columns.ts'
import type { DriftPeriods } from './drift-periods.ts'

/** What was fetched for a drift job. */
export interface DriftData {
  readonly columns: readonly WatchedColumn[]
  /** The cells of each column. */
  readonly cells: readonly ColumnCells[]
  readonly periods: DriftPeriods
  /** Each column in all rows and in each segment. */
  readonly series: readonly ColumnDays[]
}
