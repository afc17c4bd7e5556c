import type { CommanderError } from 'commander'
import { makeProblem, type Problem } from '../core/problem.ts'

/** Turns what commander says about a command line into a problem with a hint. */
export function usageProblem(error: CommanderError, commandPath: string): Problem {
  const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  // commander puts its suggestion on a line of its own: "(Did you mean --select?)".
  const suggestion = rest.map((line) => /^\(Did you mean (.+)\?\)$/.exec(line.trim())?.[1]).find(Boolean)
  const hints = [
    suggestion && `did you mean ${suggestion.replace(/^one of /, 'one of: ')}?`,
    `${commandPath} --help lists what there is`,
  ]
  return makeProblem('usage', message, { hint: hints.filter(Boolean).join('\n') })
}
