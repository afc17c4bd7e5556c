import type { JobColumnRead } from './job-column-read.ts'
import type { JobSpec } from './job-spec.ts'
import type { LoadSpec } from './load-spec.ts'
import type { SelectorInfo } from './manifest.ts'
import type { Place, Problem } from './problem.ts'
import type { QuotingSpec } from './quoting-spec.ts'
import type { UnitTestOverrides } from './unit-test-spec.ts'

/*
 * A project as it stands on disk: every file read and every YAML value checked, nothing rendered or resolved.
 * Values that may hold a template stay strings here; compile renders them.
 */

/** A text file with its path relative to the project's root. */
export interface SourceText {
  readonly path: string
  readonly text: string
}

/** Which package a file belongs to, and where it lies there; the project itself is a package. */
export interface Origin {
  readonly package: string
  /** Relative to the package's folder: `models/orders.sql`, also where that is `dbt_packages/shop/models/…`. */
  readonly packagePath: string
}

export interface ProjectFile extends SourceText, Origin {}

export interface EmbeddedTargetSpec {
  readonly engine: 'embedded'
  readonly schema: string
  readonly threads: number
}

/** A server; values may be templates such as `{{ env_var('PGPASSWORD') }}`. */
export interface PostgresTargetSpec {
  readonly engine: 'postgres'
  readonly schema: string
  readonly threads: number
  readonly url?: string
  readonly host?: string
  readonly port?: number | string
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly sslmode?: string
  readonly sslrootcert?: string
  readonly sslcert?: string
  readonly sslkey?: string
  readonly role?: string
  readonly searchPath?: string
  readonly connectTimeoutSeconds?: number | string
  readonly keepalivesIdleSeconds?: number | string
  readonly retries?: number | string
  readonly applicationName?: string
}

export type TargetSpec = EmbeddedTargetSpec | PostgresTargetSpec

export type ConfigTreeName =
  | 'models'
  | 'seeds'
  | 'snapshots'
  | 'tests'
  | 'unit_tests'
  | 'sources'
  | 'exposures'
  | 'metrics'
  | 'semantic_models'
  | 'saved_queries'
  | 'analyses'
  | 'functions'
  | 'jobs'
  | 'loads'

/** A comment for statements. */
export interface QueryCommentSpec {
  /** A template, which sees `node` and `connection_name`; without it our own words. */
  readonly comment?: string
  /** Whether it comes after the statement. */
  readonly append: boolean
}

export interface ProjectConfig {
  readonly name: string
  readonly version: string
  readonly paths: {
    readonly models: readonly string[]
    readonly macros: readonly string[]
    readonly seeds: readonly string[]
    readonly tests: readonly string[]
    readonly snapshots: readonly string[]
    readonly analyses: readonly string[]
    readonly functions: readonly string[]
    /** Where `{% docs %}` blocks are looked for. */
    readonly docs: readonly string[]
    readonly pipelines: readonly string[]
    readonly analytics: readonly string[]
    readonly dags: readonly string[]
    /** Copied to the target folder for the documentation. */
    readonly assets: readonly string[]
    readonly target: string
    /** What `clean` removes. */
    readonly clean: readonly string[]
    /** Where logs are written, where the project says so. */
    readonly logs?: string
    /** Where packages are installed. */
    readonly packages: string
  }
  readonly vars: Readonly<Record<string, unknown>>
  /** Whether the vars stand in vars.yml: then the project's file itself may use them. */
  readonly varsInFile?: boolean
  /** Config trees along folders, as in dbt_project.yml: `models: {my_project: {staging: {+materialized: view}}}`. */
  readonly configTrees: Readonly<Record<ConfigTreeName, Readonly<Record<string, unknown>>>>
  /** Which profile of profiles.yml holds the targets of a dbt project. */
  readonly profile?: string
  /** Where adapter.dispatch looks for the macros of a namespace. */
  readonly dispatch: readonly { readonly macroNamespace: string; readonly searchOrder: readonly string[] }[]
  /** `flags:` of dbt_project.yml. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly defaultTarget: string
  readonly targets: Readonly<Record<string, TargetSpec>>
  readonly publish: 'run' | 'node'
  /** How many publications can be taken back. */
  readonly keepPublications: number
  /** Whether what is known to be unchanged stays as it was published. */
  readonly reuse: boolean
  /** How many nodes of each pool may be at work at the same time. */
  readonly pools: Readonly<Record<string, number>>
  readonly onRunStart: readonly string[]
  readonly onRunEnd: readonly string[]
  /** What every statement tells of itself in a comment; null: nothing; without it our own words. */
  readonly queryComment?: QueryCommentSpec | null
  /** How the names of the project's own relations are written; in quotes where nothing is said. */
  readonly quoting?: QuotingSpec
  /** Whether other packages may refer only to models that are public. */
  readonly restrictAccess: boolean
  /** Which versions of dbt the project is made for: `>=1.3.0`; all of them have to hold. */
  readonly dbtVersions: readonly string[]
}

export interface ColumnSpec {
  readonly name: string
  readonly description: string
  readonly dataType?: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  readonly tests: readonly TestSpec[]
  /** Config as written, `tags` and `meta` in it. */
  readonly config: Readonly<Record<string, unknown>>
  readonly quote?: boolean
  readonly constraints: readonly Readonly<Record<string, unknown>>[]
  /** What dbt knows and nothing here reads yet, as written. */
  readonly extra: Readonly<Record<string, unknown>>
  /** The docs blocks that the description takes over, by their ids, once it is rendered. */
  readonly docBlocks?: readonly string[]
}

/** A generic test as declared under `data_tests:`/`tests:`; arguments may hold templates. */
export interface TestSpec {
  /** The test's short name, with its package where one is written (`dbt_utils.equal_rowcount`). */
  readonly test: string
  readonly name?: string
  readonly description: string
  readonly args: Readonly<Record<string, unknown>>
  readonly config: Readonly<Record<string, unknown>>
  readonly place: Place
}

/** Something that a YAML file says, with the place where it stands. */
interface Declared extends Origin {
  readonly name: string
  readonly description: string
  readonly config: Readonly<Record<string, unknown>>
  /** What dbt knows and nothing here acts upon, as written. */
  readonly extra: Readonly<Record<string, unknown>>
  readonly place: Place
}

/** One version of a model: what is said of it alone over what is said of the model. */
export interface VersionSpec {
  readonly v: string | number
  /** The file without `.sql`, where it is not `<model>_v<v>`. */
  readonly definedIn?: string
  readonly description: string
  readonly columns: readonly ColumnSpec[]
  readonly tests: readonly TestSpec[]
  readonly config: Readonly<Record<string, unknown>>
  readonly extra: Readonly<Record<string, unknown>>
}

/**
 * What YAML says about a node that is defined elsewhere. Its `tags:`, `meta:`, `docs:`, `group:` and `access:` are
 * in `config`, wherever they are written.
 */
export interface PatchSpec extends Declared {
  readonly resource: 'model' | 'seed' | 'snapshot' | 'job' | 'test' | 'analysis' | 'function'
  readonly columns: readonly ColumnSpec[]
  readonly tests: readonly TestSpec[]
  readonly versions: readonly VersionSpec[]
  /** The version that a ref without one means; without it the greatest. */
  readonly latestVersion?: string | number
  /** For a snapshot that is declared in YAML alone: what it keeps the history of, `ref('orders')`. */
  readonly relation?: string
}

/** What YAML says about a macro. */
export interface MacroPatch extends Declared {
  readonly arguments: readonly {
    readonly name: string
    readonly type?: string
    readonly description: string
  }[]
}

/** Nodes that belong together, with somebody who answers for them. */
export interface GroupSpec extends Declared {
  readonly owner: Readonly<Record<string, unknown>>
}

/** Rows of a unit test as they are written, or the file below `fixtures/` that holds them. */
export interface FixtureSpec {
  readonly format: 'dict' | 'csv' | 'sql'
  readonly rows?: string | readonly Readonly<Record<string, unknown>>[]
  readonly fixture?: string
  readonly place: Place
}

export interface UnitTestSpec extends Declared {
  readonly model: string
  readonly given: readonly (FixtureSpec & { readonly input: string })[]
  readonly expect: FixtureSpec
  readonly overrides: UnitTestOverrides
  /** The versions of the model that are tested; all of them where nothing is said. */
  readonly versions?: {
    readonly include?: readonly (string | number)[]
    readonly exclude?: readonly (string | number)[]
  }
}

/** A metric, semantic model or saved query: for a semantic layer, which reads it as written. */
export interface SemanticSpec extends Declared {
  readonly resource: 'metric' | 'semantic_model' | 'saved_query'
  readonly label?: string
  /** The model whose entry says it; without that model there is none of it. */
  readonly ofModel?: string
  readonly spec: Readonly<Record<string, unknown>>
}

/** A table of a source; what is said of the whole source (config, tags, meta, freshness) is merged in. */
export interface SourceTableSpec extends Declared {
  readonly sourceName: string
  readonly sourceDescription: string
  readonly schema: string
  readonly identifier: string
  readonly columns: readonly ColumnSpec[]
  readonly tests: readonly TestSpec[]
  /** The package whose source of the same name this replaces in part. */
  readonly overrides?: string
}

export interface LoadDeclaration extends Origin {
  readonly name: string
  readonly description: string
  readonly spec: LoadSpec
  readonly config: Readonly<Record<string, unknown>>
  readonly place: Place
  /** Hash of a generator's module and of what it imports from the project; empty for a file. */
  readonly checksum: string
}

export interface JobDeclaration extends Origin {
  readonly name: string
  readonly description: string
  readonly spec: JobSpec
  readonly columns: readonly ColumnSpec[]
  readonly tests: readonly TestSpec[]
  readonly config: Readonly<Record<string, unknown>>
  /** Places of the refs in the spec, so that an unknown one is pointed at. */
  readonly refs: readonly { readonly name: string; readonly place: Place }[]
  readonly columnReads: readonly JobColumnRead[]
  readonly place: Place
}

export interface ExposureSpec extends Declared {
  readonly type: string
  readonly owner: { readonly name?: string; readonly email?: string }
  readonly url?: string
  readonly label?: string
  readonly maturity?: string
  /** `ref('x')`, `source('a','b')` and `metric('m')` expressions. */
  readonly dependsOn: readonly string[]
}

export interface SeedFile extends Origin {
  /** Relative to the project's root. */
  readonly path: string
  readonly absolutePath: string
  readonly name: string
  readonly checksum: string
}

/** The project or one of its packages. */
export interface Package {
  readonly name: string
  /** Its folder relative to the project's root: `.` for the project itself. */
  readonly folder: string
  readonly config: ProjectConfig
}

export interface Project {
  /** Absolute path of the folder with project.yml. */
  readonly root: string
  readonly configPath: string
  readonly config: ProjectConfig
  /** The project itself, then its packages by name. */
  readonly packages: readonly Package[]
  readonly models: readonly ProjectFile[]
  readonly macros: readonly ProjectFile[]
  /** Singular tests; files under `generic/` hold test macros and stand among macros. */
  readonly tests: readonly ProjectFile[]
  /** Files that may hold `{% snapshot %}` blocks. */
  readonly snapshots: readonly ProjectFile[]
  readonly analyses: readonly ProjectFile[]
  /** Bodies of functions of the database. */
  readonly functions: readonly ProjectFile[]
  /** Files that may hold `{% docs %}` blocks. */
  readonly docs: readonly ProjectFile[]
  /** Rows for unit tests, CSV or SQL. */
  readonly fixtures: readonly ProjectFile[]
  readonly seeds: readonly SeedFile[]
  readonly patches: readonly PatchSpec[]
  readonly macroPatches: readonly MacroPatch[]
  readonly sources: readonly SourceTableSpec[]
  readonly loads: readonly LoadDeclaration[]
  readonly jobs: readonly JobDeclaration[]
  readonly exposures: readonly ExposureSpec[]
  readonly groups: readonly GroupSpec[]
  readonly unitTests: readonly UnitTestSpec[]
  readonly semantic: readonly SemanticSpec[]
  readonly selectors: readonly SelectorInfo[]
  /** Texts of the YAML files, so that problems found later can show the line. */
  readonly yamlFiles: readonly SourceText[]
  readonly warnings: readonly Problem[]
}
