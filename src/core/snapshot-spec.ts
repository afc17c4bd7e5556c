/*
 * A snapshot keeps the history of a query's rows: each version with the time from which and to which it held
 * (slowly changing dimension of type 2).
 */

export type SnapshotHardDeletes =
  /** A row that is gone stays current. */
  | 'ignore'
  /** Its current version ends. */
  | 'invalidate'
  /** Its current version ends, and a version marked as deleted follows. */
  | 'new_record'

export interface SnapshotSpec {
  /** How a changed row is told: by a timestamp that grew, by columns that differ, or by a strategy of the project's. */
  readonly strategy: 'timestamp' | 'check' | (string & {})
  /** The columns or expressions that identify a row. */
  readonly uniqueKey: readonly string[]
  /** The column or expression that the strategy `timestamp` looks at. */
  readonly updatedAt?: string
  readonly checkCols: 'all' | readonly string[]
  readonly hardDeletes: SnapshotHardDeletes
  /** An expression that stands in the end of current versions instead of null. */
  readonly validToCurrent?: string
  /** What the columns that are added are called. */
  readonly metaColumns: {
    readonly validFrom: string
    readonly validTo: string
    readonly scdId: string
    readonly updatedAt: string
    readonly isDeleted: string
  }
}
