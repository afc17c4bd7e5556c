import type { Node } from '../core/node.ts'
import { isMap } from './config-tree.ts'

/*
 * Which parts of a relation's name are written in quotes. `quoting: {identifier: false}` in the project's file, or of
 * a source in its YAML, makes names what Postgres makes of them without quotes: `MyOrders` is `myorders`, both where
 * the relation stands and where templates print it. A name that cannot stand without quotes keeps them.
 */

const parts = ['database', 'schema', 'identifier'] as const

export type QuotePolicy = Readonly<Record<(typeof parts)[number], boolean>>

/** What Postgres reads the same with quotes and without. */
const plainName = /^[a-z_][a-z0-9_$]*$/

/** What Postgres reads without quotes, in small letters. */
const foldableName = /^[A-Za-z_][A-Za-z0-9_$]*$/

/** A name as Postgres reads it without quotes. */
function folded(name: string): string {
  return foldableName.test(name) ? name.toLowerCase() : name
}

/** The names of a relation as they really are under what a project or source says of quotes. */
export function withFoldedNames<
  Names extends { readonly schema: string | null; readonly identifier: string | null },
>(names: Names, quoting: unknown): Names {
  if (!isMap(quoting) || (quoting['schema'] !== false && quoting['identifier'] !== false)) return names
  const { schema, identifier } = names
  return {
    ...names,
    ...(quoting['schema'] === false && schema !== null && { schema: folded(schema) }),
    ...(quoting['identifier'] === false && identifier !== null && { identifier: folded(identifier) }),
  }
}

/** Which parts of a node's name are printed in quotes: a source says so itself, all else follows the project. */
export function quotePolicy(
  node: Pick<Node, 'resourceType' | 'config'> | null,
  project: unknown,
  names: Readonly<Record<(typeof parts)[number], string | null>>,
): QuotePolicy | undefined {
  const said = node?.resourceType === 'source' ? node.config['quoting'] : project
  if (!isMap(said) || !parts.some((part) => said[part] === false)) return undefined
  const isQuoted = (part: (typeof parts)[number]): boolean =>
    said[part] !== false || !plainName.test(names[part] ?? '')
  return { database: isQuoted('database'), schema: isQuoted('schema'), identifier: isQuoted('identifier') }
}

/** The same as parts of a relation value. */
export function quoted(...args: Parameters<typeof quotePolicy>): { readonly quote?: QuotePolicy } {
  const quote = quotePolicy(...args)
  return quote ? { quote } : {}
}
