import { makeProblem, ProblemError } from '../core/problem.ts'
import type { Environment } from './output.ts'

/*
 * Every flag that describes the surroundings can be set in the environment: ESTIMAND_TARGET, and DBT_TARGET
 * (or DBT_ENGINE_TARGET) for those who have it already. The command line wins over either.
 */

const prefixes = ['ESTIMAND_', 'DBT_ENGINE_', 'DBT_'] as const
const trueWords = new Set(['1', 'true', 't', 'yes', 'y', 'on'])
const falseWords = new Set(['0', 'false', 'f', 'no', 'n', 'off', ''])

/** The variable that sets the flag, the first of the prefixes that has a value; null when none does. */
export function environmentVariableFor(flag: string, environment: Environment): string | null {
  const suffix = flag.replace(/^--/, '').replaceAll('-', '_').toUpperCase()
  const names = prefixes.map((prefix) => prefix + suffix)
  return names.find((name) => environment[name] !== undefined && environment[name] !== '') ?? null
}

/** Whether a variable of a flag without a value says yes; a word that is neither yes nor no is a usage problem. */
export function isTrueInEnvironment(name: string, environment: Environment): boolean {
  const word = (environment[name] ?? '').trim().toLowerCase()
  if (trueWords.has(word)) return true
  if (falseWords.has(word)) return false
  throw new ProblemError(
    makeProblem(
      'usage',
      `the environment variable ${name} is '${environment[name]}', which is neither yes nor no`,
      {
        hint: 'allowed: 1, true, yes, on, 0, false, no, off',
      },
    ),
  )
}
