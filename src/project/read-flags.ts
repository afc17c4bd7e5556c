import type { Problem } from '../core/problem.ts'
import { type UnknownKeys, unknownKeyProblem } from './check-yaml.ts'
import { flagKinds } from './flag-names.ts'
import { type YamlDocument, yamlProblem } from './yaml-document.ts'

/** The flags of a project, those that are none or have a value that they cannot have left out and told. */
export function readFlags(
  written: Readonly<Record<string, unknown>>,
  document: YamlDocument,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): Record<string, unknown> {
  const fitting = Object.entries(written).filter(([name, value]) => {
    const path = ['flags', name]
    const kind = Object.hasOwn(flagKinds, name) ? flagKinds[name] : undefined
    if (kind === undefined) {
      problems.push(unknownKeyProblem(document, path, Object.keys(flagKinds), unknownKeys))
      return false
    }
    if (value === null || fits[kind](value)) return value !== null
    const shown = typeof value === 'string' ? `the text '${value}'` : JSON.stringify(value)
    problems.push(yamlProblem(document, path, `'${name}' must be ${words[kind]}, not ${shown}`))
    return false
  })
  return Object.fromEntries(fitting)
}

const fits = {
  switch: (value: unknown) => typeof value === 'boolean',
  text: (value: unknown) => typeof value === 'string',
  number: (value: unknown) => typeof value === 'number',
  mapping: (value: unknown) => typeof value === 'object' && !Array.isArray(value),
}

const words = {
  switch: 'true or false',
  text: 'text',
  number: 'a number',
  mapping: 'a mapping (key: value)',
}
