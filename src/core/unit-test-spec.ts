import type { NodeId } from './node-id.ts'

/*
 * A unit test runs the SQL of one model on a few rows written down in YAML, in place of what it reads, and compares
 * what comes out with the rows that are expected.
 */

/** Rows of a fixture; null is SQL's null. */
export type FixtureRow = Readonly<Record<string, unknown>>

/** Rows as written; or a SELECT that gives them; or those of the seed that is named. */
export type FixtureRows = (
  | { readonly kind: 'rows'; readonly rows: readonly FixtureRow[] }
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'seed' }
) & {
  /** How they are written. */
  readonly format: 'dict' | 'csv' | 'sql'
  /** The file that they are in, by its name. */
  readonly fixture?: string
}

export interface UnitTestInput {
  /** As written: `ref('orders')`, `source('shop', 'orders')` or `this`. */
  readonly input: string
  /** The node whose relation the rows stand for; the tested model itself for `this`. */
  readonly nodeId: NodeId
  readonly rows: FixtureRows
}

export interface UnitTestOverrides {
  /** What macros return instead of what they would: `is_incremental`, `dbt_utils.star`. */
  readonly macros: Readonly<Record<string, unknown>>
  readonly vars: Readonly<Record<string, unknown>>
  readonly envVars: Readonly<Record<string, unknown>>
}
