import type { Interval } from '../core/intervals.ts'
import type { IndexConfig, JobNode, Relation } from '../core/node.ts'
import type { Session } from '../warehouse/index.ts'

/*
 * A job reads relations and says what its tables are; the runner publishes them, all in the run's transaction. What a
 * job is depends on its kind, how it is planned, built, published and tested does not.
 */

export interface JobContext {
  readonly job: JobNode
  readonly runId: string
  readonly session: Session
  /** Where a relation that the job refers to by name stands in this run. */
  readonly relationOf: (ref: string) => Relation
  /** Where the job may build one of its tables itself, in the dark. */
  readonly buildOf: (suffix: string) => Relation
  /** Where the job may build what is to go into one of its tables. */
  readonly deltaOf: (suffix: string) => Relation
  /**
   * One of the job's tables as it is published, for a job that brings it up to date. Null where it has to be made from
   * nothing: the first time, with --full-refresh, and after a change of the job or of what it reads.
   */
  readonly publishedOf: (suffix: string) => Relation | null
}

/** A column as DDL states it. */
export interface JobColumn {
  readonly name: string
  readonly type: string
}

/** What a job has made of one of its tables. */
export type JobTable =
  /** Rows by column name, which the runner writes. */
  | {
      readonly kind: 'rows'
      readonly suffix: string
      readonly columns: readonly JobColumn[]
      readonly rows: readonly Readonly<Record<string, unknown>>[]
    }
  /** The whole table stands at `buildOf(suffix)`. */
  | {
      readonly kind: 'built'
      readonly suffix: string
      readonly rows: number
      /** Indexes that the table is to have. */
      readonly indexes?: readonly IndexConfig[]
    }
  /** Rows for the published table stand at `deltaOf(suffix)`, with the same columns. */
  | {
      readonly kind: 'delta'
      readonly suffix: string
      readonly rows: number
      /** Which published rows go away for them. */
      readonly replaces: ReplacedRows
    }

/**
 * Rows with the same values in these columns as a row of the delta, or all rows of these times, whether or not the delta
 * has any.
 */
export type ReplacedRows =
  | { readonly key: readonly string[] }
  | { readonly column: string; readonly intervals: readonly Interval[] }

export interface JobOutcome {
  /** One for each table that `jobTables` declares. */
  readonly tables: readonly JobTable[]
  /** One line for the terminal. */
  readonly summary: string
}

/** Answers the question of one kind of job. */
export type JobRunner<Spec> = (spec: Spec, context: JobContext) => Promise<JobOutcome>
