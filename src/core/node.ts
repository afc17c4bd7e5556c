import type { JobColumnRead } from './job-column-read.ts'
import type { JobSpec } from './job-spec.ts'
import type { LoadSpec } from './load-spec.ts'
import type { NodeId } from './node-id.ts'
import type { Place, Problem } from './problem.ts'
import type { SnapshotSpec } from './snapshot-spec.ts'
import type { FixtureRows, UnitTestInput, UnitTestOverrides } from './unit-test-spec.ts'

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

export type { NodeId }

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
  /** Whether the name is to be quoted; undefined where nobody said. */
  readonly quote?: boolean
  readonly constraints?: readonly Readonly<Record<string, unknown>>[]
  /** Config of the column, and what else is said of it, as written. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** The docs blocks that its description takes over, by their ids. */
  readonly docBlocks?: readonly string[]
}

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

export interface IndexConfig {
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly type: string
}

interface NodeBase {
  readonly id: NodeId
  readonly name: string
  readonly package: string
  /** The file that defines the node, relative to its package; the project itself is a package. */
  readonly path: string
  /** Where the node is defined; the file is relative to the project, also for a node of a package. */
  readonly place: Place
  /** The YAML file that describes it where another file defines it, relative to the package. */
  readonly patchPath?: string
  /** Package, folders below the resource path, name: what `fqn:` selects and what config inherits along. */
  readonly fqn: readonly string[]
  readonly description: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  readonly columns: readonly ColumnInfo[]
  /** Everything set for the node, merged from project.yml, YAML and config(); unknown keys are kept for macros. */
  readonly config: Readonly<Record<string, unknown>>
  /** The config as it is written, with templates and nothing added up, where that is another than what came of it. */
  readonly writtenConfig?: Readonly<Record<string, unknown>>
  /** The docs blocks that its description takes over, by their ids. */
  readonly docBlocks?: readonly string[]
  /** Its calls of ref() and source() as they are written, where what it depends on does not tell. */
  readonly calls?: WrittenCalls
  readonly dependsOn: readonly NodeId[]
}

/** References by name, in the order in which they are made. */
export interface WrittenCalls {
  readonly refs: readonly {
    readonly name: string
    readonly package: string | null
    readonly version: string | number | null
  }[]
  readonly sources: readonly (readonly string[])[]
}

export interface SourceNode extends NodeBase {
  readonly resourceType: 'source'
  readonly sourceName: string
  readonly sourceDescription: string
  readonly relation: Relation
  /** Schema and database as they are written, where that is another than what came of it. */
  readonly writtenSchema?: string
  readonly writtenDatabase?: string
  readonly loader?: string
  /** How old the data may be, as written; null where it is switched off. */
  readonly freshness?: FreshnessSpec | null
  /** The column or expression that tells how old the data is. */
  readonly loadedAtField?: string
  /** A query that tells it. */
  readonly loadedAtQuery?: string
  /** The database that its YAML names, where that is not the one that we are connected to. */
  readonly database?: string
  /** What dbt knows and nothing here acts upon (external, database), as written. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface FreshnessLimit {
  readonly count: number
  readonly period: 'minute' | 'hour' | 'day'
}

export interface FreshnessSpec {
  readonly warnAfter?: FreshnessLimit
  readonly errorAfter?: FreshnessLimit
  /** A condition on the rows that are looked at. */
  readonly filter?: string
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
  /** Whether columns get the types that dbt gives them. */
  readonly likeDbt?: boolean
  readonly quoteColumns?: boolean
  readonly indexes: readonly IndexConfig[]
  /** Hash of the file: as dbt's, of its text without white space around it, unless it is large. */
  readonly checksum: string
  readonly group?: string
}

export type Access = 'private' | 'protected' | 'public'

export interface TimeSpine {
  readonly column: string
  readonly customGranularities: readonly { readonly name: string; readonly column?: string }[]
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

export interface FunctionArgument {
  readonly name: string
  readonly dataType: string
  readonly description?: string
  /** The SQL of its default. */
  readonly defaultValue?: string | number | boolean
}

/** What a call of a function gives. */
export interface FunctionReturns {
  readonly dataType: string
  readonly description?: string
}

/** The same function for other arguments; its body is a file of its own. */
export interface FunctionOverload {
  readonly definedIn: string
  readonly arguments: readonly FunctionArgument[]
  /** What the function itself returns where nothing is said. */
  readonly returns?: FunctionReturns
  readonly description?: string
  readonly rawCode: string
  /** Where its file begins. */
  readonly place: Place
}

/** A function of the database. */
export interface FunctionNode extends NodeBase {
  readonly resourceType: 'function'
  /** Where it stands; functions have names of their own beside those of tables and views. */
  readonly relation: Relation
  readonly rawCode: string
  readonly checksum: string
  readonly arguments: readonly FunctionArgument[]
  readonly returns: FunctionReturns
  readonly overloads: readonly FunctionOverload[]
  readonly volatility?: 'deterministic' | 'stable' | 'non-deterministic'
  readonly group?: string
  /** Why it cannot be made, for those to know who run it. */
  readonly refusal?: Problem
}

/** How a generic test calls its macro. */
export interface GenericTest {
  /** The macro's short name, with its package where one was written: `not_null`, `dbt_utils.at_least_one`. */
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
  /** Whether the failing rows are kept, and as what; undefined where only the command line says. */
  readonly storeFailures?: 'table' | 'view' | 'ephemeral'
  /** Whether what it reads is switched off, or not there: then it is only told of. */
  readonly isLost?: boolean
  /** Where failing rows are kept when they are. */
  readonly relation: Relation
  readonly group?: string
}

export interface UnitTestNode extends NodeBase {
  readonly resourceType: 'unit_test'
  /** The tested model; it is also all that the test depends on. */
  readonly modelId: NodeId
  /** The model as YAML names it. */
  readonly model: string
  readonly given: readonly UnitTestInput[]
  readonly expect: FixtureRows
  readonly overrides: UnitTestOverrides
  /** The version of the model that is tested, where it has versions. */
  readonly version?: string | number
  /** The versions for which it is declared, where it says so. */
  readonly versions?: {
    readonly include?: readonly (string | number)[]
    readonly exclude?: readonly (string | number)[]
  }
  readonly checksum: string
}

export interface JobNode extends NodeBase {
  readonly resourceType: 'job'
  readonly spec: JobSpec
  /** The main table; other tables of the job are named after it. */
  readonly relation: Relation
  /** Every table that the job writes, the main one first. */
  readonly tables: readonly JobTableRelation[]
  /** Columns that it names, with their places. */
  readonly columnReads: readonly JobColumnRead[]
}

/** A table of a job: the main one has no suffix. */
export interface JobTableRelation {
  readonly suffix: string
  readonly relation: Relation
}

/**
 * A table that a job writes beside its main one, for those who read it: as the sources that a load fills, it is a node
 * of its own that depends on the job and is never carried out itself.
 */
export interface JobTableNode extends NodeBase {
  readonly resourceType: 'job_table'
  readonly job: NodeId
  readonly suffix: string
  readonly relation: Relation
}

export interface ExposureNode extends NodeBase {
  readonly resourceType: 'exposure'
  readonly exposureType: string
  readonly owner: { readonly name?: string; readonly email?: string }
  readonly url?: string
  readonly label?: string
  readonly maturity?: string
}

/** What only a semantic layer acts upon: kept as YAML says it. */
interface SemanticNodeBase extends NodeBase {
  readonly label?: string
  readonly spec: Readonly<Record<string, unknown>>
  readonly group?: string
}

export interface MetricNode extends SemanticNodeBase {
  readonly resourceType: 'metric'
}

export interface SemanticModelNode extends SemanticNodeBase {
  readonly resourceType: 'semantic_model'
}

export interface SavedQueryNode extends SemanticNodeBase {
  readonly resourceType: 'saved_query'
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
