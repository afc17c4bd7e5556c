import { exitCodeOf, makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { tellProblem } from './display/narrator.ts'
import { paintProblem } from './display/paint-problem.ts'

/** Prints what ended a command early and gives the exit code for it. */
export function explainError(error: unknown, context: CommandContext, asJson: boolean): ExitCode {
  const problems = problemsOf(error, context.signal)
  if (!problems) return explainUnexpected(error, context)
  const { events, narrator, terminal, flags } = context
  for (const problem of problems) {
    if (flags.logFormat === 'json') narrator.problem(problem)
    else {
      tellProblem(events, problem)
      terminal.err.write(`${paintProblem(problem, terminal.err.colors)}\n`)
    }
  }
  if (asJson) terminal.out.write(`${JSON.stringify({ command: context.command, problems }, null, 2)}\n`)
  if (flags.debug && flags.logFormat === 'json') context.log.write('debug', stackOf(error))
  else if (flags.debug) terminal.err.write(`${stackOf(error)}\n`)
  const errors = problems.filter(({ severity }) => severity === 'error')
  return errors.some((problem) => exitCodeOf(problem) === 2) ? 2 : 1
}

/** The problems that an error stands for; null for one that nobody foresaw. */
function problemsOf(error: unknown, signal: AbortSignal): readonly Problem[] | null {
  if (error instanceof ProblemError) return error.problems
  const wasCancelled = signal.aborted && error instanceof Error && error.name === 'AbortError'
  return wasCancelled ? [makeProblem('cancelled', 'cancelled before anything was changed')] : null
}

function explainUnexpected(error: unknown, context: CommandContext): ExitCode {
  const { log, terminal, flags } = context
  const { red, dim } = terminal.err.colors
  const message = error instanceof Error ? error.message : String(error)
  log.write('error', `unexpected error: ${message}`, { stack: stackOf(error) })
  const path = log.path()
  terminal.err.write(`${red('unexpected error:')} ${message}\n`)
  if (flags.debug) terminal.err.write(`${stackOf(error)}\n`)
  else terminal.err.write(dim(`${path ? `details are in ${path}` : '--debug shows where'}\n`))
  return 2
}

/** The stack of an error and of what caused it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`
}
