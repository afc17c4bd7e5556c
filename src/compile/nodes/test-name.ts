import { hash } from 'node:crypto'
import { isMap } from '../config-tree.ts'
import { fromJs, repr, str } from '../dialect/index.ts'

/*
 * The names and ids that dbt gives generic tests. Other tools find results again by them, so they are the same to
 * the letter.
 */

/** Names longer than this are cut and end in a hash, since stored failures are tables of that name. */
const maxLength = 63

export interface GenericTestIdentity {
  /** The macro's short name: `not_null`, `dbt_utils.equal_rowcount`. */
  readonly test: string
  /** The model, or `<source>_<table>` of a source. */
  readonly subject: string
  readonly isSource: boolean
  /** With `column_name` where the test is declared on a column. */
  readonly args: Readonly<Record<string, unknown>>
}

/** Macro, subject, then column and arguments, joined by underscores: whole, and short enough for a table. */
export function genericTestNames({ test, subject, isSource, args }: GenericTestIdentity): {
  readonly full: string
  readonly short: string
} {
  const parts = Object.entries(args)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, value]) => flatten(value))
    .map((part) => str(fromJs(part)).replace(/[^0-9a-zA-Z_]+/g, '_'))
  const [name, packageName] = test.split('.').reverse()
  const called = isSource ? `source_${name}` : name
  const head = `${packageName === undefined ? '' : `${packageName}_`}${called}_${subject}`
  const full = `${head}_${parts.join('__')}`
  if (full.length <= maxLength) return { full, short: full }
  return { full, short: `${head.slice(0, 30)}_${md5(full)}` }
}

/** Ten hexadecimal digits that keep the ids of tests with equal names apart. */
export function testHash(name: string, test: string, args: Readonly<Record<string, unknown>>): string {
  const [macro, packageName] = test.split('.').reverse()
  const details = { kwargs: args, name: macro, namespace: packageName ?? null }
  return md5(name + sortedTexts(details)).slice(-10)
}

/** A value as Python prints it: mappings by key, everything but them and lists as its text. */
function sortedTexts(value: unknown): string {
  if (typeof value === 'string') return repr(value)
  if (Array.isArray(value)) return `[${value.map(sortedTexts).join(', ')}]`
  if (!isMap(value)) return repr(str(fromJs(value)))
  const keys = Object.keys(value)
  if (keys.length > 1) keys.sort()
  let entries = ''
  for (const key of keys) entries += `${entries && ', '}${repr(key)}: ${sortedTexts(value[key])}`
  return `{${entries}}`
}

function md5(text: string): string {
  return hash('md5', text)
}

function flatten(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (isMap(value)) return Object.values(value)
  return [value]
}
