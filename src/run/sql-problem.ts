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
  timeoutMs?: number,
): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems
  if (!(error instanceof ServerError)) {
    const message = error instanceof Error ? error.message : String(error)
    return [renderer.problem('job-failed', message, node.place)]
  }
  const { message, detail, hint, where, kind } = error.failure
  if (kind === 'cancelled' && message.includes('statement timeout'))
    return [timedOut(node, renderer, timeoutMs)]
  if (kind === 'cancelled') return [makeProblem('cancelled', message, { place: node.place })]
  const offset = compiled ? positionWithin(error, compiled.text) : undefined
  const place = (offset === undefined ? null : compiled?.placeAt(offset)) ?? node.place
  const more = [detail, hint, where && `in ${where}`].filter(Boolean).join('\n')
  return [renderer.problem('sql-error', message, place, more)]
}

function timedOut({ name, place }: Node, renderer: Renderer, timeoutMs: number | undefined): Problem {
  const limit = timeoutMs === undefined ? '' : `: ${timeoutMs / 1000} s`
  return renderer.problem(
    'statement-timeout',
    `a statement of ${name} took longer than it may${limit}`,
    place,
    'give it more time with timeout in its config, or see with explain where the time goes',
  )
}
