import type { IndexConfig, NodeBase, Relation } from './node-base.ts'
import type { Problem } from './problem.ts'

export type Materialization =
  | 'view'
  | 'table'
  | 'incremental'
  | 'ephemeral'
  | 'materialized_view'
  /** One that a macro of the project defines; `config.materialized` is its name. */
  | 'custom'
export type IncrementalStrategy =
  | 'append'
  | 'delete+insert'
  | 'merge'
  | 'microbatch'
  /** The rows of a stretch of time take the place of those that the table has of it. */
  | 'time_range'
  /** One that a macro of the project defines; `config.incremental_strategy` is its name. */
  | 'custom'
export type OnSchemaChange = 'ignore' | 'fail' | 'append_new_columns' | 'sync_all_columns'

export type Access = 'private' | 'protected' | 'public'

export interface TimeSpine {
  readonly column: string
  readonly customGranularities: readonly { readonly name: string; readonly column?: string }[]
}

/** A templated SELECT. */
export interface ModelNode extends NodeBase {
  readonly resourceType: 'model'
  readonly relation: Relation
  readonly rawCode: string
  readonly checksum: string
  readonly materialized: Materialization
  readonly uniqueKey: readonly string[]
  readonly incrementalStrategy: IncrementalStrategy
  readonly onSchemaChange: OnSchemaChange
  readonly fullRefresh?: boolean
  readonly indexes: readonly IndexConfig[]
  readonly unlogged: boolean
  readonly group?: string
  /** Who may refer to it: its group, its project, anybody. */
  readonly access: Access
  /** Whether columns and types must be those that YAML declares. */
  readonly contractEnforced: boolean
  readonly constraints: readonly Readonly<Record<string, unknown>>[]
  readonly version?: string | number
  /** The version that a ref without one means. */
  readonly latestVersion?: string | number
  readonly deprecationDate?: string
  /** Which columns make the model one that a semantic layer counts times along. */
  readonly timeSpine?: TimeSpine
  /** Set where macros of the project have a part in building it. */
  readonly ownBuild?: OwnBuild
  /** What is wrong with its configuration, where only those are to know who run it: in a project made for dbt. */
  readonly refusal?: Problem
}

/** How a model is built that macros of the project have a part in. */
export interface OwnBuild {
  /** Whether the project replaces how hooks are run: then those macros run them. */
  readonly hooks: boolean
  /** Whether it replaces how grants and comments are made: then nothing else makes them. */
  readonly details: boolean
}
