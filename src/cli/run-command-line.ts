import { CommanderError } from 'commander'
import { ProblemError } from '../core/problem.ts'
import { paintProblem } from './display/paint-problem.ts'
import { makeLaunch } from './launch.ts'
import { makeTerminal } from './output.ts'
import { makeProgram, UsageError } from './program.ts'
import type { Surroundings } from './surroundings.ts'
import { usageProblem } from './usage-problem.ts'

/** Runs one command line and gives its exit code; never throws for what a person may have typed. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode = 0
  const finish = (code: number): void => {
    exitCode = code
  }
  const launch = makeLaunch(surroundings, finish, runCommandLine)
  try {
    const program = makeProgram(surroundings, launch)
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return explainUsage(error, argv, surroundings)
  }
}

/** Prints what is wrong with the command line itself; help and version also end here, with nothing wrong. */
function explainUsage(error: unknown, argv: readonly string[], surroundings: Surroundings): number {
  const color = argv.includes('--no-color') ? false : undefined
  const { err } = makeTerminal(surroundings, surroundings.environment, color)
  if (error instanceof UsageError) {
    // commander has printed the help already: that was asked for, or no command was named.
    if (error.cause.exitCode === 0) return 0
    if (error.cause.code === 'commander.help') return 2
    err.write(`${paintProblem(usageProblem(error.cause, error.commandPath), err.colors)}\n`)
    return 2
  }
  if (error instanceof ProblemError) {
    for (const problem of error.problems) err.write(`${paintProblem(problem, err.colors)}\n`)
    return 2
  }
  if (error instanceof CommanderError) {
    err.write(`${paintProblem(usageProblem(error, 'estimand'), err.colors)}\n`)
    return 2
  }
  throw error
}
