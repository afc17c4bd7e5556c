import { hash } from 'node:crypto'
import { metadataPrefix } from '../../compile/context/metadata-prefix.ts'
import type { Environment } from '../output.ts'

/*
 * Which environment variables a command has looked at. Only hashes of their values are kept.
 */

/** A variable with the hash of its value; null where it is not set. */
export type KnownVariable = readonly [name: string, hash: string | null]

/** The environment, with the names that are looked up in it. */
export function watchEnvironment(environment: Environment): {
  readonly env: Environment
  readonly names: ReadonlySet<string>
} {
  const names = new Set<string>()
  const env = new Proxy(environment, {
    get: (target, name) => {
      if (typeof name !== 'string') return undefined
      names.add(name)
      return target[name]
    },
    has: (target, name) => {
      if (typeof name === 'string') names.add(name)
      return name in target
    },
  })
  return { env, names }
}

/** What is kept of variables. */
export function knownVariables(
  environment: Environment,
  names: Iterable<string>,
  salt: string,
): KnownVariable[] {
  return [...names].map((name) => [name, valueHash(environment[name], salt)])
}

/** Whether the variables have the values that they had. */
export function sameVariables(
  environment: Environment,
  known: readonly KnownVariable[],
  salt: string,
): boolean {
  return known.every(([name, before]) => valueHash(environment[name], salt) === before)
}

/** The variables that templates are told all together. */
export function metadataVariables(environment: Environment, salt: string): KnownVariable[] {
  const names = Object.keys(environment).filter((name) => name.startsWith(metadataPrefix))
  return knownVariables(environment, names.sort(), salt)
}

function valueHash(value: string | undefined, salt: string): string | null {
  return value === undefined ? null : hash('sha256', `${salt}\0${value}`, 'base64')
}
