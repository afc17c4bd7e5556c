import type { TableColumn } from '../../core/load-spec.ts'
import type { IncrementalStrategy, Relation } from '../../core/node.ts'

/** A column as DDL states it. */
export type ColumnDefinition = Pick<TableColumn, 'name' | 'type'>

/** A built table takes the place of the published relation. */
export interface SwapTable {
  readonly kind: 'swap-table'
  readonly build: Relation
  readonly published: Relation
}

/** A view gets its final definition, which names published relations. */
export interface PublishView {
  readonly kind: 'view'
  readonly published: Relation
  /** The SELECT. */
  readonly definition: string
}

/** A delta goes into the published table, by column name. */
export interface ApplyDelta {
  readonly kind: 'apply-delta'
  readonly build: Relation
  readonly published: Relation
  readonly strategy: IncrementalStrategy
  /** Needed by delete+insert and merge. */
  readonly uniqueKey: readonly string[]
  /** The columns to write, in the delta and in the table once its own have changed. */
  readonly columns: readonly string[]
  /** Columns that the table gets before, all null in its old rows. */
  readonly addColumns?: readonly { readonly name: string; readonly type: string }[]
  /** Columns that the table loses before. */
  readonly dropColumns?: readonly string[]
}

/** One step of making a run's builds visible. */
export type PublishAction = SwapTable | PublishView | ApplyDelta
