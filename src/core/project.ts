import type { JobSpec } from './job-spec.ts'
import type { LoadSpec } from './load-spec.ts'
import type { Place, Problem } from './problem.ts'

/*
 * A project as it stands on disk: every file read and every YAML value checked, nothing rendered or resolved.
 * Values that may hold a template stay strings here; compile renders them.
 */

/** A text file of the project with its path relative to the root. */
export interface ProjectFile {
  readonly path: string
  readonly text: string
}

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
}

export type TargetSpec = EmbeddedTargetSpec | PostgresTargetSpec

export interface ProjectConfig {
  readonly name: string
  readonly version: string
  readonly paths: {
    readonly models: readonly string[]
    readonly macros: readonly string[]
    readonly seeds: readonly string[]
    readonly tests: readonly string[]
    readonly pipelines: readonly string[]
    readonly analytics: readonly string[]
    readonly dags: readonly string[]
    readonly target: string
  }
  readonly vars: Readonly<Record<string, unknown>>
  /** Config trees along folders, as in dbt_project.yml: `models: {my_project: {staging: {+materialized: view}}}`. */
  readonly configTrees: Readonly<
    Record<'models' | 'seeds' | 'tests' | 'jobs' | 'loads' | 'sources', Readonly<Record<string, unknown>>>
  >
  readonly defaultTarget: string
  readonly targets: Readonly<Record<string, TargetSpec>>
  readonly publish: 'run' | 'node'
  readonly onRunStart: readonly string[]
  readonly onRunEnd: readonly string[]
  /** What dbt_project.yml knows and nothing here reads yet (profile, flags, quoting …), as written. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface ColumnSpec {
  readonly name: string
  readonly description: string
  readonly dataType?: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  readonly tests: readonly TestSpec[]
  readonly quote?: boolean
  readonly constraints: readonly Readonly<Record<string, unknown>>[]
  /** What dbt knows and nothing here reads yet, as written. */
  readonly extra: Readonly<Record<string, unknown>>
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

/**
 * What YAML says about a model, seed, job or singular test that is defined elsewhere. Its `tags:`, `meta:`,
 * `docs:`, `group:` and `access:` are in `config`, wherever they are written.
 */
export interface PatchSpec {
  readonly resource: 'model' | 'seed' | 'job' | 'test'
  readonly name: string
  readonly description: string
  readonly columns: readonly ColumnSpec[]
  readonly tests: readonly TestSpec[]
  readonly config: Readonly<Record<string, unknown>>
  /** What dbt knows and nothing here reads yet (versions, constraints …), as written. */
  readonly extra: Readonly<Record<string, unknown>>
  readonly place: Place
}

/** A table of a source; what is said of the whole source (config, tags, meta, freshness) is merged in. */
export interface SourceTableSpec {
  readonly sourceName: string
  readonly sourceDescription: string
  readonly schema: string
  readonly name: string
  readonly identifier: string
  readonly description: string
  readonly columns: readonly ColumnSpec[]
  readonly tests: readonly TestSpec[]
  readonly config: Readonly<Record<string, unknown>>
  /** What dbt knows and nothing here reads yet (database, external …), as written. */
  readonly extra: Readonly<Record<string, unknown>>
  readonly place: Place
}

export interface LoadDeclaration {
  readonly name: string
  readonly description: string
  readonly spec: LoadSpec
  readonly config: Readonly<Record<string, unknown>>
  readonly place: Place
  /** Hash of a generator's module and of what it imports from the project; empty for a file. */
  readonly checksum: string
}

export interface JobDeclaration {
  readonly name: string
  readonly description: string
  readonly spec: JobSpec
  readonly columns: readonly ColumnSpec[]
  readonly tests: readonly TestSpec[]
  readonly config: Readonly<Record<string, unknown>>
  /** Places of the refs in the spec, so that an unknown one is pointed at. */
  readonly refs: readonly { readonly name: string; readonly place: Place }[]
  readonly place: Place
}

export interface ExposureSpec {
  readonly name: string
  readonly description: string
  readonly type: string
  readonly owner: { readonly name?: string; readonly email?: string }
  readonly url?: string
  /** `ref('x')` and `source('a','b')` expressions. */
  readonly dependsOn: readonly string[]
  readonly config: Readonly<Record<string, unknown>>
  /** Label and maturity, as written. */
  readonly extra: Readonly<Record<string, unknown>>
  readonly place: Place
}

export interface SeedFile {
  readonly path: string
  readonly absolutePath: string
  readonly name: string
  readonly checksum: string
}

export interface Project {
  /** Absolute path of the folder with project.yml. */
  readonly root: string
  readonly configPath: string
  readonly config: ProjectConfig
  readonly models: readonly ProjectFile[]
  readonly macros: readonly ProjectFile[]
  /** Singular tests; files under `generic/` hold test macros and stand among macros. */
  readonly tests: readonly ProjectFile[]
  readonly seeds: readonly SeedFile[]
  readonly patches: readonly PatchSpec[]
  readonly sources: readonly SourceTableSpec[]
  readonly loads: readonly LoadDeclaration[]
  readonly jobs: readonly JobDeclaration[]
  readonly exposures: readonly ExposureSpec[]
  /** Texts of the YAML files, so that problems found later can show the line. */
  readonly yamlFiles: readonly ProjectFile[]
  readonly warnings: readonly Problem[]
}
