import type { ProjectHook, ProjectMoment, Target } from '../core/manifest.ts'
import type { NodeId, Relation } from '../core/node.ts'
import type { Place, Problem, Severity } from '../core/problem.ts'
import type { TemplateVoice } from '../core/run-event.ts'
import type { UnitTestOverrides } from '../core/unit-test-spec.ts'
import type { CompiledSql } from './compiled-sql.ts'
import type { Ask } from './context/database.ts'
import type { SeedRows } from './context/seed-table.ts'
import type { OwnSeed } from './own-macros.ts'

export type { Ask, QueryAnswer } from './context/database.ts'

/*
 * Turns the templates of a compiled project into SQL. What a template sees that is not in the project (where
 * relations stand in this run, whether a model is incremental now) comes in as a scope.
 */

/** The times that one batch of a microbatch model is about. */
export interface BatchScope {
  /** `20260131`, as long as the batch's size asks for. */
  readonly id: string
  readonly start: Date
  readonly end: Date
}

export interface RenderScope {
  /** Where a published relation is to be read in this run. */
  readonly relationOf: (published: Relation) => Relation
  /** The same for a function; without it functions are called where they are published. */
  readonly functionOf?: (published: Relation) => Relation
  readonly isIncremental: boolean
  readonly fullRefresh: boolean
  readonly runStartedAt: Date
  readonly invocationId: string
  readonly log: (message: string, voice: TemplateVoice) => void
  /** Sends what a template asks the database; without it a template that asks cannot be rendered. */
  readonly ask?: Ask
  /** Whether the SQL is for Citus. */
  readonly isCitus?: boolean
  /** The nodes that the command works on. */
  readonly selected?: readonly NodeId[]
  /** What the command line says, under the names of dbt's flags in capitals: `{STORE_FAILURES: true}`. */
  readonly flags?: Readonly<Record<string, unknown>>
  /** What `this` is, where it is not where the node's relation is read. */
  readonly thisRelation?: Relation
  /** Relations that stand for nodes, as the rows of a unit test do; with them nothing else may be read. */
  readonly standIns?: ReadonlyMap<NodeId, Relation>
  /** What a unit test says instead of macros, vars and environment variables. */
  readonly overrides?: UnitTestOverrides
  /** From what has an event_time, only the rows of this batch are read. */
  readonly batch?: BatchScope
  /** Models and snapshots read only this window of what has an event_time. */
  readonly sample?: { readonly start: Date; readonly end: Date }
  /** Everything is read as if it had no rows. */
  readonly empty?: boolean
  /** Told of each name of the context that the template looks up, and of `now` when it asks what time it is. */
  readonly seen?: (name: string) => void
}

/** Where a hook of a node belongs. */
export type HookMoment = 'pre_hook' | 'post_hook'

/** What hooks at the end of a run are told. */
export interface ProjectHookScope {
  /** One mapping for each node that had a part in the run, as in dbt's run_results. */
  readonly results: readonly Readonly<Record<string, unknown>>[]
  /** The schemas in which the run's nodes stand. */
  readonly schemas: readonly string[]
}

/** A relation that a materialization of the project says it has made. */
export interface MadeRelation {
  readonly schema: string | null
  readonly identifier: string | null
  readonly type: string | null
}

/** A comment for statements. */
export interface QueryComment {
  readonly text: string
  /** Whether it comes after the statement. */
  readonly append: boolean
}

export interface Renderer {
  /** What the statements of a node, or of a connection that works for none, carry as a comment; null for nothing. */
  queryComment(nodeId: NodeId | null, connection: string, scope: RenderScope): QueryComment | null
  /** The SQL of a model, snapshot, test or analysis, or the body of a function. Throws a ProblemError when its template fails. */
  compile(nodeId: NodeId, scope: RenderScope): Promise<CompiledSql>
  /** The bodies of a function's overloads. */
  compileOverloads(nodeId: NodeId, scope: RenderScope): Promise<readonly CompiledSql[]>
  /**
   * The SQL of a template that is not part of the project, such as what `show --inline` was given; with what a node's
   * own template sees, if it is about one.
   */
  compileInline(text: string, scope: RenderScope, nodeId?: NodeId): Promise<CompiledSql>
  /** Renders a node's hooks and sends them, one after the other; needs `ask`. Gives what was sent. */
  runHooks(nodeId: NodeId, moment: HookMoment, scope: RenderScope): Promise<readonly string[]>
  /** Whether the project or a package has hooks for the moment. */
  hasProjectHooks(moment: ProjectMoment): boolean
  /** Renders one of them and sends it, unless it is empty; needs `ask`. Gives the text to `rendered` before it is sent. */
  runProjectHook(
    hook: ProjectHook,
    scope: RenderScope,
    told: ProjectHookScope,
    rendered?: (text: string) => void,
  ): Promise<void>
  /** Calls a macro, written with its package if need be; gives what it returns as plain data. */
  runOperation(macro: string, args: Readonly<Record<string, unknown>>, scope: RenderScope): Promise<unknown>
  /** Whether the project takes a snapshot in its own way: by a strategy, statements or a materialization of its own. */
  isOwnSnapshot(nodeId: NodeId): boolean
  /** How macros of the project take part in loading a seed; null where it is loaded as everywhere. */
  ownSeed(nodeId: NodeId): OwnSeed | null
  /** Whether a macro of dbt's, or one that it calls, is replaced by the project's own. */
  isOwnMacro(macro: string): boolean
  /** The query that counts a test's failures, where macros of the project make it; null elsewhere. */
  countOfFailures(nodeId: NodeId, failing: string, scope: RenderScope): Promise<string | null>
  /**
   * Runs the materialization of tests that the project has, and gives the rows of the statement that it calls `main`;
   * null where the project has none. `failing` selects the rows that the test finds.
   */
  runOwnTest(
    nodeId: NodeId,
    sql: { readonly compiled: string; readonly failing: string },
    scope: RenderScope,
  ): Promise<readonly Readonly<Record<string, unknown>>[] | null>
  /**
   * Runs the materialization that the project defines for a model, or that of a snapshot or a seed, with `compiled` as
   * its SQL; `this`, the schema and the alias are those of `scope.thisRelation`. Hooks are part of it, unless they are
   * not wanted.
   */
  materialize(
    nodeId: NodeId,
    compiled: string,
    scope: RenderScope,
    options?: { readonly hooks?: boolean; readonly seed?: SeedRows },
  ): Promise<readonly MadeRelation[]>
  /** A value of YAML that may be a template: `{{ env_var('X') }}`. */
  renderValue(text: string): unknown
  /** A problem at a place in the project, with the line that stands there. */
  problem(code: Problem['code'], message: string, place: Place, hint?: string, severity?: Severity): Problem
  readonly target: Target
}
