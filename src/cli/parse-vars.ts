import { LineCounter, parseDocument } from 'yaml'
import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { withYamlScalars } from '../core/yaml-scalars.ts'

/** Reads --vars: a YAML or JSON mapping. */
export function parseVars(text: string | undefined): Readonly<Record<string, unknown>> {
  return parseMapping(text, '--vars', varsHint)
}

/** Reads --args of run-operation: a YAML or JSON mapping. */
export function parseMacroArgs(text: string | undefined): Readonly<Record<string, unknown>> {
  return parseMapping(text, '--args', "for example --args '{role: reporter}'")
}

function parseMapping(
  text: string | undefined,
  flag: string,
  hint: string,
): Readonly<Record<string, unknown>> {
  if (text === undefined || text.trim() === '') return {}
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    version: '1.1',
    customTags: withYamlScalars,
    lineCounter,
    logLevel: 'error',
  })
  const [error] = document.errors
  if (error)
    throw mappingError(`${flag} is not YAML: ${error.message.split('\n')[0]?.replace(/:$/, '')}`, hint)
  const value: unknown = document.toJS()
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw mappingError(`${flag} must be a mapping of names to values, not ${describe(value)}`, hint)
  }
  return value as Readonly<Record<string, unknown>>
}

/** Checks that flags which are short for vars mean something in this project. */
export function checkSugar(sugar: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const known = new Set(names)
  const unknown = Object.keys(sugar).filter((name) => !known.has(name))
  if (unknown.length === 0) return
  throw new ProblemError(
    unknown.map((name) =>
      makeProblem('usage', `--${name} sets the var '${name}', and nothing in this project has it`, {
        hint: didYouMean(name, known) ?? 'add it to vars in project.yml, or to the params of a load',
      }),
    ),
  )
}

const varsHint = `for example --vars '{events: 50000}' or --vars '{"events": 50000}'`

function mappingError(message: string, hint: string): ProblemError {
  return new ProblemError(makeProblem('usage', message, { hint }))
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `the ${typeof value} ${JSON.stringify(value)}`
}
