import type { Relation } from '../../core/node.ts'
import type { WrittenRows } from './keep-rows.ts'

/** What stood where something was published. */
export interface ReplacedRelation {
  readonly relation: Relation
  /**
   * `rows`: the same table, which has other rows now, and of which the rows are kept that are not there any more;
   * `none`: nothing; `grown`: the same, of which nothing is kept.
   */
  readonly kind: 'table' | 'view' | 'materialized_view' | 'rows' | 'function' | 'none' | 'grown'
  /** Where the table is kept, or the rows that the change took the place of; null where it took none and wrote none. */
  readonly keptAs: Relation | null
  /** The SELECT of a view. */
  readonly definition: string | null
  /** CREATE INDEX statements of a materialized view. */
  readonly indexes: readonly string[]
  /** What the change wrote, where it is one of rows. */
  readonly written: WrittenRows | null
  /** CREATE FUNCTION statements of a function and its overloads. */
  readonly functions: readonly string[]
}

/** Of what nothing is kept. */
export const nothingKept = { keptAs: null, definition: null, indexes: [], written: null, functions: [] }

/** Where a table is kept. */
export type KeepIn = (relation: Relation) => Relation
