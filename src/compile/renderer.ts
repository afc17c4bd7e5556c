import type { Target } from '../core/manifest.ts'
import type { NodeId, Relation } from '../core/node.ts'
import type { Place, Problem, Severity } from '../core/problem.ts'
import type { UnitTestOverrides } from '../core/unit-test-spec.ts'
import type { CompiledSql } from './compiled-sql.ts'

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
  readonly isIncremental: boolean
  readonly fullRefresh: boolean
  readonly runStartedAt: Date
  readonly invocationId: string
  readonly log: (message: string) => void
  /** Relations that stand for nodes, as the rows of a unit test do; with them nothing else may be read. */
  readonly standIns?: ReadonlyMap<NodeId, Relation>
  /** What a unit test says instead of macros, vars and environment variables. */
  readonly overrides?: UnitTestOverrides
  /** From what has an event_time, only the rows of this batch are read. */
  readonly batch?: BatchScope
  /** Everything is read as if it had no rows. */
  readonly empty?: boolean
}

export interface Renderer {
  /** The SQL of a model, snapshot, test or analysis. Throws a ProblemError when its template fails. */
  compile(nodeId: NodeId, scope: RenderScope): Promise<CompiledSql>
  /** The SQL of a template that is not part of the project, such as what `show --inline` was given. */
  compileInline(text: string, scope: RenderScope): Promise<CompiledSql>
  /** A value of YAML that may be a template: `{{ env_var('X') }}`. */
  renderValue(text: string): unknown
  /** A problem at a place in the project, with the line that stands there. */
  problem(code: Problem['code'], message: string, place: Place, hint?: string, severity?: Severity): Problem
  readonly target: Target
}
