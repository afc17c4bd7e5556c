import { makeProblem, type Problem, type ProblemDetails, ProblemError } from '../core/problem.ts'
import type { ProblemCode } from '../core/problem-catalogue.ts'
import { PyError, TemplateError } from './dialect/index.ts'

/** An error of ours on its way through a template: the dialect gives it its place. */
export class ContextError extends PyError {
  readonly code: ProblemCode
  readonly hint: string | undefined

  constructor(code: ProblemCode, message: string, hint?: string, options: ErrorOptions = {}) {
    super('TemplateRuntimeError', message)
    this.code = code
    this.hint = hint
    if (options.cause !== undefined) this.cause = options.cause
  }
}

/** What to tell about an error that a template threw; anything else is thrown on. */
export function templateProblem(error: unknown, textOf: (file: string) => string | undefined): Problem {
  if (error instanceof ContextError) {
    const { code, message, hint } = error
    return makeProblem(code, message, { ...(hint !== undefined && { hint }) })
  }
  if (!(error instanceof TemplateError)) throw error
  const own = error.cause instanceof ContextError ? error.cause : undefined
  const { place, outerPlace } = error
  const source = textOf(place.file)
  const outside = outerPlace.file !== place.file || outerPlace.line !== place.line
  const hint = own?.hint ?? error.hint
  const details: ProblemDetails = {
    place,
    ...(source !== undefined && { source }),
    ...(hint !== undefined && { hint }),
    related: [
      ...error.macros.map(({ macro, ...at }) => ({ place: at, message: `in macro ${macro}` })),
      ...(outside ? [{ place: outerPlace, message: 'called from here' }] : []),
    ],
  }
  const name =
    error.kind === 'TemplateRuntimeError' || error.kind === 'TemplateSyntaxError' ? '' : `${error.kind}: `
  return makeProblem(own?.code ?? 'template-error', `${own ? '' : name}${error.message}`, details)
}

/** Runs a rendering; its template errors leave as problems. */
export function withTemplateProblems<T>(textOf: (file: string) => string | undefined, render: () => T): T {
  try {
    return render()
  } catch (error) {
    throw new ProblemError(templateProblem(error, textOf), { cause: error })
  }
}
