import type { JobSpec } from './job-spec.ts'
import type { LoadSpec } from './load-spec.ts'
import type { Place } from './problem.ts'

/*
 * The nodes of the graph. A node is plain data: what the project's files say about it, with its references
 * resolved. How a node is built is decided in a plan, never here.
 *
 *   source    a table that somebody else fills, or a load
 *   load      a generator or file that fills tables
 *   seed      a small CSV in the project
 *   model     a templated SELECT
 *   test      a query that must return no rows
 *   job       an analysis: reads relations, writes estimates
 *   exposure  something outside that reads our tables
 */

export type ResourceType = 'source' | 'load' | 'seed' | 'model' | 'test' | 'job' | 'exposure'

/** `model.<package>.<name>`, `source.<package>.<source>.<table>`, as in dbt's manifest. */
export type NodeId = string

/** A relation in the warehouse; the database is always the one that we are connected to. */
export interface Relation {
  readonly schema: string
  readonly identifier: string
}

export interface ColumnInfo {
  readonly name: string
  readonly description: string
  readonly dataType?: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
}

export type Materialization = 'view' | 'table' | 'incremental' | 'ephemeral'
export type IncrementalStrategy = 'append' | 'delete+insert' | 'merge'
export type OnSchemaChange = 'ignore' | 'fail' | 'append_new_columns' | 'sync_all_columns'

export interface IndexConfig {
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly type: string
}

interface NodeBase {
  readonly id: NodeId
  readonly name: string
  readonly package: string
  /** The file that defines the node, relative to the project. */
  readonly path: string
  readonly place: Place
  /** Package, folders below the resource path, name: what `fqn:` selects and what config inherits along. */
  readonly fqn: readonly string[]
  readonly description: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  readonly columns: readonly ColumnInfo[]
  /** Everything set for the node, merged from project.yml, YAML and config(); unknown keys are kept for macros. */
  readonly config: Readonly<Record<string, unknown>>
  readonly dependsOn: readonly NodeId[]
}

export interface SourceNode extends NodeBase {
  readonly resourceType: 'source'
  readonly sourceName: string
  readonly relation: Relation
}

export interface LoadNode extends NodeBase {
  readonly resourceType: 'load'
  readonly spec: LoadSpec
  /** Hash of the code that makes the rows; empty where there is none. */
  readonly checksum: string
}

export interface SeedNode extends NodeBase {
  readonly resourceType: 'seed'
  readonly relation: Relation
  readonly columnTypes: Readonly<Record<string, string>>
  readonly delimiter: string
  /** Hash of the file's bytes. */
  readonly checksum: string
}

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
}

/** How a generic test calls its macro. */
export interface GenericTest {
  /** The macro's short name: `not_null`. */
  readonly macro: string
  /** The relation it looks at, as an expression: `ref('orders')`. */
  readonly model: string
  readonly args: Readonly<Record<string, unknown>>
  readonly column?: string
}

export interface TestNode extends NodeBase {
  readonly resourceType: 'test'
  readonly testKind: 'generic' | 'singular'
  /** The SELECT of the failing rows, as a template. */
  readonly rawCode: string
  readonly generic?: GenericTest
  /** The node that a generic test is declared on. */
  readonly attachedTo?: NodeId
  readonly severity: 'error' | 'warn'
  readonly errorIf: string
  readonly warnIf: string
  /** The aggregate over the failing rows that the thresholds compare. */
  readonly failCalc: string
  readonly limit?: number
  readonly where?: string
}

export interface JobNode extends NodeBase {
  readonly resourceType: 'job'
  readonly spec: JobSpec
  /** The estimates table; other tables of the job are named after it. */
  readonly relation: Relation
}

export interface ExposureNode extends NodeBase {
  readonly resourceType: 'exposure'
  readonly exposureType: string
  readonly owner: { readonly name?: string; readonly email?: string }
  readonly url?: string
}

export type Node = SourceNode | LoadNode | SeedNode | ModelNode | TestNode | JobNode | ExposureNode

/** The relations that a node fills, in the published warehouse. Tests, exposures and ephemeral models fill none. */
export function relationsOf(node: Node): readonly Relation[] {
  switch (node.resourceType) {
    case 'source':
    case 'seed':
    case 'job':
      return [node.relation]
    case 'model':
      return node.materialized === 'ephemeral' ? [] : [node.relation]
    case 'load':
      return node.spec.tables.map(({ schema, name }) => ({ schema, identifier: name }))
    case 'test':
    case 'exposure':
      return []
  }
}

/** One string for a relation, for maps and messages; not for SQL. */
export function relationKey(relation: Relation): string {
  return `${relation.schema}.${relation.identifier}`
}
