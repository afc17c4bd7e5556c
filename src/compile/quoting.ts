import type { Node } from '../core/node.ts'
import { type Config, isMap } from './config-tree.ts'

/*
 * Which parts of a relation's name templates print in quotes. A project that says `quoting: {identifier: false}`
 * gets `analytics.orders`; a name that would mean another one without quotes keeps them.
 */

const parts = ['database', 'schema', 'identifier'] as const

export type QuotePolicy = Readonly<Record<(typeof parts)[number], boolean>>

/** What Postgres reads the same with quotes and without. */
const plainName = /^[a-z_][a-z0-9_$]*$/

/** The policy for a node's relation: its own, over that of the project, which sources do not follow. */
export function quotePolicy(
  node: Node | null,
  project: Config,
  names: Readonly<Record<'database' | 'schema' | 'identifier', string | null>>,
): QuotePolicy | undefined {
  const ofProject = node?.resourceType === 'source' ? undefined : project['quoting']
  const own = node?.resourceType === 'source' ? node.extra['quoting'] : node?.config['quoting']
  const said = { ...(isMap(ofProject) && ofProject), ...(isMap(own) && own) }
  if (!parts.some((part) => said[part] === false)) return undefined
  const isQuoted = (part: (typeof parts)[number]): boolean =>
    said[part] !== false || !plainName.test(names[part] ?? '')
  return { database: isQuoted('database'), schema: isQuoted('schema'), identifier: isQuoted('identifier') }
}
