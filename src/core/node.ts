import type { FunctionNode } from './function-node.ts'
import type { JobNode, JobTableNode } from './job-node.ts'
import type { LoadSpec } from './load-spec.ts'
import type { ModelNode } from './model-node.ts'
import type { IndexConfig, NodeBase, Relation } from './node-base.ts'
import type { MetricNode, SavedQueryNode, SemanticModelNode } from './semantic-node.ts'
import type { SnapshotSpec } from './snapshot-spec.ts'
import type { SourceNode } from './source-node.ts'
import type { TestNode, UnitTestNode } from './test-node.ts'

/*
 * The nodes of the graph. A node is plain data: what the project's files say about it, with its references
 * resolved. How a node is built is decided in a plan, never here.
 *
 *   source          a table that somebody else fills, or a load
 *   load            a generator or file that fills tables
 *   seed            a small CSV in the project
 *   model           a templated SELECT
 *   snapshot        the history of a query's rows
 *   test            a query that must return no rows
 *   unit_test       a model's SQL on a few written rows, with the rows that must come out
 *   job             an analysis: reads relations, writes estimates
 *   job_table       a further table that a job writes beside its main one
 *   exposure        something outside that reads our tables
 *   analysis        a templated SELECT that is compiled and never run
 *   function        a function of the database, which SQL of other nodes calls
 *   metric, semantic_model, saved_query
 *                   what a semantic layer reads in the manifest; nothing is built for them
 */

export type { FunctionArgument, FunctionNode, FunctionOverload, FunctionReturns } from './function-node.ts'
export type { JobNode, JobTableNode, JobTableRelation } from './job-node.ts'
export type {
  Access,
  IncrementalStrategy,
  Materialization,
  ModelNode,
  OnSchemaChange,
  OwnBuild,
  TimeSpine,
} from './model-node.ts'
export type { ColumnInfo, IndexConfig, Relation, WrittenCalls } from './node-base.ts'
export type { NodeId } from './node-id.ts'
export type { MetricNode, SavedQueryNode, SemanticModelNode } from './semantic-node.ts'
export type { FreshnessLimit, FreshnessSpec, SourceNode } from './source-node.ts'
export type { GenericTest, TestNode, UnitTestNode } from './test-node.ts'

export type ResourceType =
  | 'source'
  | 'load'
  | 'seed'
  | 'model'
  | 'snapshot'
  | 'test'
  | 'unit_test'
  | 'job'
  | 'job_table'
  | 'exposure'
  | 'analysis'
  | 'function'
  | 'metric'
  | 'semantic_model'
  | 'saved_query'

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
  /** Whether columns get the types that dbt gives them. */
  readonly likeDbt?: boolean
  readonly quoteColumns?: boolean
  readonly indexes: readonly IndexConfig[]
  /** Hash of the file: as dbt's, of its text without white space around it, unless it is large. */
  readonly checksum: string
  readonly group?: string
}

export interface SnapshotNode extends NodeBase {
  readonly resourceType: 'snapshot'
  readonly relation: Relation
  readonly rawCode: string
  readonly checksum: string
  readonly spec: SnapshotSpec
  readonly indexes: readonly IndexConfig[]
  readonly group?: string
}

/** SQL that is compiled for people to use elsewhere. */
export interface AnalysisNode extends NodeBase {
  readonly resourceType: 'analysis'
  /** The schema that its config names, though it never stands there. */
  readonly schema?: string
  readonly rawCode: string
  readonly checksum: string
}

export interface ExposureNode extends NodeBase {
  readonly resourceType: 'exposure'
  readonly exposureType: string
  readonly owner: { readonly name?: string; readonly email?: string }
  readonly url?: string
  readonly label?: string
  readonly maturity?: string
}

export type Node =
  | SourceNode
  | LoadNode
  | SeedNode
  | ModelNode
  | SnapshotNode
  | TestNode
  | UnitTestNode
  | JobNode
  | JobTableNode
  | ExposureNode
  | AnalysisNode
  | FunctionNode
  | MetricNode
  | SemanticModelNode
  | SavedQueryNode

/** The relations that a node fills, in the published warehouse. Tests, functions and ephemeral models fill none. */
export function relationsOf(node: Node): readonly Relation[] {
  switch (node.resourceType) {
    case 'source':
    case 'seed':
    case 'snapshot':
    case 'job_table':
      return [node.relation]
    case 'job':
      return node.tables.map(({ relation }) => relation)
    case 'model':
      return node.materialized === 'ephemeral' ? [] : [node.relation]
    case 'load':
      return node.spec.tables.map(({ schema, name }) => ({ schema, identifier: name }))
    case 'test':
    case 'unit_test':
    case 'exposure':
    case 'analysis':
    case 'function':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return []
  }
}

/** The one relation that a node is known by, or null for a node that has none or, as a load, several of one rank. */
export function relationOf(node: Node): Relation | null {
  return node.resourceType === 'load' ? null : (relationsOf(node)[0] ?? null)
}

/** One string for a relation, for maps and messages; not for SQL. */
export function relationKey(relation: Relation): string {
  return `${relation.schema}.${relation.identifier}`
}

/** The same for a function, whose name may also be that of a relation. */
export function functionKey(named: Relation): string {
  return `${relationKey(named)}()`
}
