import { type ProblemCode, problemCatalogue } from './problem-catalogue.ts'

/*
 * A problem is what we tell a person about their input: what is wrong, where, and what to do next.
 * Stages that read input collect every problem and report them together; nothing stops at the first.
 */

export type Severity = 'error' | 'warning'

/** A position in a project file; line and column count from 1, the file is relative to the project. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  readonly code: ProblemCode
  readonly severity: Severity
  readonly message: string
  readonly place?: Place
  /** The line of source that `place` points to, so that the caret can be drawn without the file. */
  readonly sourceLine?: string
  readonly hint?: string
  /** Other places that take part: the macro that raised it, the first definition of a duplicate. */
  readonly related?: readonly { readonly place: Place; readonly message: string }[]
}

export interface ProblemDetails {
  readonly place?: Place
  /** The whole text of the file that `place` points into. */
  readonly source?: string
  readonly hint?: string
  readonly severity?: Severity
  readonly related?: Problem['related']
}

/** Builds a problem, cutting the line that its place points to out of the file's text. */
export function makeProblem(code: ProblemCode, message: string, details: ProblemDetails = {}): Problem {
  const { place, source, hint, related } = details
  const sourceLine = place && source !== undefined ? source.split(/\r?\n/)[place.line - 1] : undefined
  return {
    code,
    severity: details.severity ?? 'error',
    message,
    ...(place && { place }),
    ...(sourceLine !== undefined && { sourceLine }),
    ...(hint && { hint }),
    ...(related && related.length > 0 && { related }),
  }
}

/** Thrown where work can't go on because of problems in the input, the configuration or the surroundings. */
export class ProblemError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[] | Problem, options?: ErrorOptions) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem]
    super(list.map((problem) => problem.message).join('\n'), options)
    this.name = 'ProblemError'
    this.problems = list
  }
}

/** The exit code that the problem asks of the command: 1 when work failed, 2 for wrong usage or configuration. */
export function exitCodeOf(problem: Problem): 1 | 2 {
  return problemCatalogue[problem.code].exitCode
}

/**
 * Prints a problem as file, position, message and code, the source line with a caret, and the hint:
 *
 *     models/marts/orders.sql:14:9  ref('stg_ordres') matches no node   [ref-unknown]
 *       14 | from {{ ref('stg_ordres') }}
 *                    ^
 *       did you mean 'stg_orders'?
 */
export function formatProblem(problem: Problem): string {
  const { place, sourceLine, hint, related } = problem
  const where = place ? `${formatPlace(place)}  ` : ''
  const lines = [`${where}${problem.message}   [${problem.code}]`]
  if (place && sourceLine !== undefined) lines.push(...caretLines(place, sourceLine))
  for (const other of related ?? []) lines.push(`  ${formatPlace(other.place)}  ${other.message}`)
  if (hint) lines.push(...hint.split('\n').map((line) => `  ${line}`))
  return lines.join('\n')
}

/** `file:line:column`, as editors and terminals make it clickable. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`
}

function caretLines(place: Place, sourceLine: string): string[] {
  const gutter = `  ${place.line} | `
  // Tabs stay tabs under the line, so that the caret stands below its character in any terminal.
  const indent = sourceLine.slice(0, place.column - 1).replace(/[^\t]/g, ' ')
  return [`${gutter}${sourceLine}`, `${' '.repeat(gutter.length)}${indent}^`]
}

/** Line and column (from 1) of a character offset (from 0) in a text. */
export function placeAt(file: string, text: string, offset: number): Place {
  const before = text.slice(0, Math.max(0, offset))
  const line = before.split('\n').length
  return { file, line, column: before.length - before.lastIndexOf('\n') }
}
