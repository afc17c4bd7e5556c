import type { Target } from '../core/manifest.ts'
import type { NodeId, Relation } from '../core/node.ts'
import type { Place, Problem, Severity } from '../core/problem.ts'
import type { CompiledSql } from './compiled-sql.ts'

/*
 * Turns the templates of a compiled project into SQL. What a template sees that is not in the project (where
 * relations stand in this run, whether a model is incremental now) comes in as a scope.
 */

export interface RenderScope {
  /** Where a published relation is to be read in this run. */
  readonly relationOf: (published: Relation) => Relation
  readonly isIncremental: boolean
  readonly fullRefresh: boolean
  readonly runStartedAt: Date
  readonly invocationId: string
  readonly log: (message: string) => void
}

export interface Renderer {
  /** The SQL of a model or test. Throws a ProblemError when its template fails. */
  compile(nodeId: NodeId, scope: RenderScope): Promise<CompiledSql>
  /** The SQL of a template that is not part of the project, such as what `show --inline` was given. */
  compileInline(text: string, scope: RenderScope): Promise<CompiledSql>
  /** A value of YAML that may be a template: `{{ env_var('X') }}`. */
  renderValue(text: string): unknown
  /** A problem at a place in the project, with the line that stands there. */
  problem(code: Problem['code'], message: string, place: Place, hint?: string, severity?: Severity): Problem
  readonly target: Target
}
