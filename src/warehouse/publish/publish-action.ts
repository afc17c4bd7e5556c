import type { Interval, IntervalChange } from '../../core/intervals.ts'
import type { TableColumn } from '../../core/load-spec.ts'
import type { LoadedFiles } from '../../core/loaded-file.ts'
import type { IncrementalStrategy, IndexConfig, Relation } from '../../core/node.ts'

/** A column as DDL states it. */
export type ColumnDefinition = Pick<TableColumn, 'name' | 'type'>

/** What a relation is to carry besides its rows, once it is published. */
export interface RelationDetails {
  /**
   * Who may do what: roles by privilege, as SQL writes them (`reporter`, `"Reporter"`, `public`). Whatever else is
   * granted is revoked. Without it, grants are left as they were.
   */
  readonly grants?: Readonly<Record<string, readonly string[]>>
  readonly comment?: string
  /** Keys that could not be made before, as SQL: `foreign key (a) references s.t (b)`. */
  readonly foreignKeys?: readonly string[]
  readonly columnComments?: Readonly<Record<string, string>>
}

/** A built table or materialized view takes the place of the published relation. */
export interface SwapTable {
  readonly kind: 'swap-table'
  readonly build: Relation
  readonly published: Relation
  readonly details?: RelationDetails
  /** The times that the table holds, where it is built by time: noted by the caller in the same transaction. */
  readonly intervals?: IntervalChange
  /** The files that it was loaded from: noted likewise. */
  readonly loaded?: LoadedFiles
}

/** A view or materialized view takes the place of the published relation. */
export interface PublishView {
  readonly kind: 'view'
  readonly published: Relation
  /**
   * The same view as the run built it. It is moved to its place when everything that it reads is live then; it is
   * made again from its definition when it reads what goes away with the run, the preview of an increment for one.
   */
  readonly build?: Relation
  /** The SELECT, which names published relations. */
  readonly definition: string
  /** All statements that make it, where they are more than a SELECT under a name. */
  readonly statements?: readonly string[]
  /**
   * Whether the published view has this definition already: then it stays as it is, unless something that it reads
   * is replaced.
   */
  readonly unchanged?: boolean
  readonly details?: RelationDetails
  /** Set for a materialized view, which has to be filled when it is made again. */
  readonly materialized?: {
    readonly indexes: readonly IndexConfig[]
    /** Indexes as CREATE INDEX statements. */
    readonly indexStatements?: readonly string[]
  }
}

/** What is published stays, and carries what the project says of it. */
export interface KeepRelation {
  readonly kind: 'keep'
  readonly published: Relation
  readonly details: RelationDetails
}

/** A delta goes into the published table, by column name. */
export interface ApplyDelta {
  readonly kind: 'apply-delta'
  readonly build: Relation
  readonly published: Relation
  readonly strategy: IncrementalStrategy
  /** Needed by delete+insert and merge. */
  readonly uniqueKey: readonly string[]
  /** The key as expressions over a row, where it is not made of columns; only with delete+insert. */
  readonly keyExpressions?: readonly string[]
  /** The columns to write, in the delta and in the table once its own have changed. */
  readonly columns: readonly string[]
  /** Columns that the table gets before, all null in its old rows. */
  readonly addColumns?: readonly { readonly name: string; readonly type: string }[]
  /** Columns that the table loses before. */
  readonly dropColumns?: readonly string[]
  /** Columns that get another type before. */
  readonly alterColumns?: readonly ColumnDefinition[]
  /** With merge: the columns of known rows that are overwritten; all without it. */
  readonly updateColumns?: readonly string[]
  /** Conditions on `DBT_INTERNAL_DEST` (the table) and `DBT_INTERNAL_SOURCE` (the delta) that limit what is replaced. */
  readonly predicates?: readonly string[]
  /** With time_range: the times whose rows the delta replaces, and the column that holds them. */
  readonly times?: { readonly column: string; readonly intervals: readonly Interval[] }
  readonly details?: RelationDetails
  /** Set where it changes nothing: there are no rows, and the columns stay. */
  readonly isEmpty?: true
  /** The times that the delta brings, where the table is built by time: noted by the caller in the same transaction. */
  readonly intervals?: IntervalChange
  /** The files that it was loaded from: noted likewise. */
  readonly loaded?: LoadedFiles
}

/** Versions of rows end, and others begin, in the published table of a snapshot. */
export interface ApplyVersions {
  readonly kind: 'apply-versions'
  /** The versions that begin. */
  readonly build: Relation
  /** The versions that end: the columns `scd_id` and `valid_to`. */
  readonly ended: Relation
  readonly published: Relation
  /** The columns of a version that begins. */
  readonly columns: readonly string[]
  readonly addColumns: readonly ColumnDefinition[]
  readonly alterColumns: readonly ColumnDefinition[]
  readonly scdIdColumn: string
  readonly validToColumn: string
  /** Set where it changes nothing: no version begins or ends, and the columns stay. */
  readonly isEmpty?: true
  /** The SQL that stands in the end of current versions, where it is not null. */
  readonly validToCurrent?: string
  readonly details?: RelationDetails
}

/** A function takes the place of the published one, of which the users stay its users. */
export interface PublishFunction {
  readonly kind: 'function'
  readonly published: Relation
  /** The statements that make it and its overloads, with the names of what is published. */
  readonly definitions: readonly string[]
}

/** One step of making a run's builds visible. */
export type PublishAction =
  | PublishFunction
  | SwapTable
  | PublishView
  | KeepRelation
  | ApplyDelta
  | ApplyVersions
