import type { CompiledSql } from '../compile/compiled-sql.ts'
import type { Renderer } from '../compile/renderer.ts'
import type { Node } from '../core/node.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import { positionWithin, ServerError } from '../warehouse/index.ts'

/** What a failed step tells a person: Postgres' words, at the place in the template that it points to. */
export function problemsOf(
  error: unknown,
  node: Node,
  compiled: CompiledSql | null,
  renderer: Renderer,
): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems
  if (!(error instanceof ServerError)) {
    const message = error instanceof Error ? error.message : String(error)
    return [renderer.problem('job-failed', message, node.place)]
  }
  const { message, detail, hint, where, kind } = error.failure
  if (kind === 'cancelled') return [makeProblem('cancelled', message, { place: node.place })]
  const offset = compiled ? positionWithin(error, compiled.text) : undefined
  const place = (offset === undefined ? null : compiled?.placeAt(offset)) ?? node.place
  const more = [detail, hint, where && `in ${where}`].filter(Boolean).join('\n')
  return [renderer.problem('sql-error', message, place, more)]
}
