import databases, { type SQLItem } from '@databases/sql'
import { type SQLQuery, sql } from './sql.ts'

const { SQLItemType } = databases

/** What goes over the wire: the text with `$1 …` and the values for them. */
export interface SqlText {
  readonly text: string
  readonly values: readonly unknown[]
}

/**
 * Turns a query into text and values. The library's own formatter strips common indentation, which would
 * move positions and change string literals of several lines, so the parts are joined exactly as they are.
 */
export function sqlText(query: SQLQuery): SqlText {
  return query.format(joinItems)
}

function joinItems(items: readonly SQLItem[]): SqlText {
  const values: unknown[] = []
  const parts = items.map((item) => {
    if (item.type === SQLItemType.RAW) return item.text
    if (item.type === SQLItemType.VALUE) return `$${values.push(item.value)}`
    return item.names.map((name) => quoteIdentifier(String(name))).join('.')
  })
  const text = parts.join('')
  // In the protocol a zero byte ends the text, and the rest would be garbage.
  if (text.includes('\0')) throw new Error('SQL cannot hold a zero byte')
  return { text, values }
}

/**
 * Quotes a name. PostgreSQL would cut a name at 63 bytes without a word, so that two of them could meet;
 * here it is an error.
 */
function quoteIdentifier(name: string): string {
  const sizeBytes = Buffer.byteLength(name)
  if (sizeBytes === 0 || sizeBytes > 63 || name.includes('\0')) {
    throw new Error(`not a name for PostgreSQL (1 to 63 bytes): ${JSON.stringify(name)}`)
  }
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * SQL that somebody else wrote: the compiled text of a model or test, a hook, a type name from YAML.
 * Never for text put together here.
 */
export function unsafeSql(text: string): SQLQuery {
  return sql.__dangerous__rawValue(text)
}

/** A quoted string constant, for statements that take no parameters (DDL, COMMENT, COPY options). */
export function sqlLiteral(value: string): SQLQuery {
  if (value.includes('\0')) throw new Error('a string constant cannot hold a zero byte')
  const quoted = `'${value.replaceAll("'", "''")}'`
  // With standard_conforming_strings off a plain constant would treat the backslash as an escape.
  return unsafeSql(value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted)
}
