/*
 * What a query's columns are made from. Lineage is read from the SQL alone, by PostgreSQL's own parser and its
 * rules for names; nothing is guessed: what cannot be known is said to be unknown.
 *
 *   inputs      columns whose values go into the value of an output column
 *   influences  columns that decide which rows there are, how they are grouped or ordered, or which of them an
 *               aggregate or window sees, without going into a value
 *   unused      columns that the query names and that reach no output in either way
 */

/** A column of a relation. */
export interface ColumnRef {
  /** The id of the node that holds the column, or `schema.name` of a relation that is no node. */
  readonly relation: string
  readonly column: string
}

/** How an input gets into an output: as it is, computed, or gathered over rows. The last one met wins. */
export type InputKind = 'copy' | 'transformation' | 'aggregation'

export interface ColumnInput extends ColumnRef {
  readonly kind: InputKind
}

export type InfluenceRole = 'filter' | 'join' | 'group' | 'order' | 'window'

export interface ColumnInfluence extends ColumnRef {
  readonly role: InfluenceRole
}

export interface OutputColumn {
  readonly name: string
  readonly inputs: readonly ColumnInput[]
  /** What decides about this column alone: filters of its aggregates, its window, its subqueries. */
  readonly influences: readonly ColumnInfluence[]
  /** Whether there may be inputs that the SQL does not show. */
  readonly isUnknown: boolean
}

/** A name that no relation of the query is known to have. */
export interface UnresolvedName {
  readonly name: string
  /** Characters from the start of the SQL, from 0. */
  readonly offset: number
}

/** The lineage of one query. */
export interface SqlLineage {
  /** In the order of the query; those behind a `*` that could not be expanded are missing. */
  readonly columns: readonly OutputColumn[]
  /** Whether `columns` are all columns. */
  readonly isComplete: boolean
  /** What decides about the rows, and so about every column. */
  readonly influences: readonly ColumnInfluence[]
  readonly unused: readonly ColumnRef[]
  readonly unresolved: readonly UnresolvedName[]
}
