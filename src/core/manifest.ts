import type { Node, NodeId } from './node.ts'
import type { Problem } from './problem.ts'
import type { QuotingSpec } from './quoting-spec.ts'

/** Where a run goes: the connection is resolved in warehouse/, templates see only this. */
export interface Target {
  readonly name: string
  /** The profile of profiles.yml that holds it, where there is one. */
  readonly profileName?: string
  readonly type: 'postgres'
  readonly engine: 'embedded' | 'postgres'
  readonly schema: string
  readonly database: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly threads: number
}

export interface MacroInfo {
  readonly name: string
  readonly package: string
  /** The file, relative to its package. */
  readonly path: string
  readonly source: string
  /** The languages that a materialization takes. */
  readonly languages?: readonly string[]
  /** Its parameters, as YAML describes them where it does. */
  readonly arguments?: readonly MacroArgument[]
  /** What YAML says about it, where it does. */
  readonly description?: string
  readonly meta?: Readonly<Record<string, unknown>>
  readonly docs?: Readonly<Record<string, unknown>>
  /** The YAML file, relative to its package. */
  readonly patchPath?: string
}

export interface MacroArgument {
  readonly name: string
  readonly type?: string
  readonly description: string
}

/** Nodes that belong together, with somebody who answers for them. */
export interface GroupInfo {
  readonly id: string
  readonly name: string
  readonly package: string
  /** The YAML file, relative to its package. */
  readonly path: string
  readonly description: string
  readonly owner: Readonly<Record<string, unknown>>
  readonly config: Readonly<Record<string, unknown>>
}

/** A `{% docs %}` block. */
export interface DocInfo {
  readonly id: string
  readonly name: string
  readonly package: string
  /** The file, relative to its package. */
  readonly path: string
  readonly contents: string
}

/** A selector of selectors.yml. */
export interface SelectorInfo {
  readonly name: string
  readonly description: string
  /** As written: text, or a mapping of the grammar of YAML selectors. */
  readonly definition: unknown
  /** Whether it is what a command without a selection means. */
  readonly isDefault: boolean
}

/** Before the first node of a run, or after the last. */
export type ProjectMoment = 'on_run_start' | 'on_run_end'

/** SQL of the project, or of a package, around whole runs; a node for dbt, which nothing selects and nothing waits for. */
export interface ProjectHook {
  /** `operation.shop.shop-on-run-start-0`. */
  readonly id: string
  readonly name: string
  readonly package: string
  readonly moment: ProjectMoment
  /** The moment as it is written: `on-run-start`. */
  readonly tag: string
  readonly sql: string
  /** The file that has it, relative to the project. */
  readonly file: string
  /** What it refers to. */
  readonly dependsOn: readonly NodeId[]
}

/** What compile makes of a project: every node with its references resolved. Plain data. */
export interface Manifest {
  readonly project: string
  readonly nodes: Readonly<Record<NodeId, Node>>
  readonly macros: Readonly<Record<string, MacroInfo>>
  /** In the order in which they run. */
  readonly hooks: readonly ProjectHook[]
  readonly vars: Readonly<Record<string, unknown>>
  readonly groups: Readonly<Record<string, GroupInfo>>
  readonly docs: Readonly<Record<string, DocInfo>>
  readonly selectors: Readonly<Record<string, SelectorInfo>>
  /** How the names of the project's own relations are written; in quotes where nothing is said. */
  readonly quoting?: QuotingSpec
  /** Nodes that are switched off with `enabled: false`; nothing refers to them. */
  readonly disabled: readonly Node[]
  /** What is not wrong but worth saying. */
  readonly warnings: readonly Problem[]
}
