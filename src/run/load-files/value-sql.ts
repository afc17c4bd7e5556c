import { type SQLQuery, sql, sqlLiteral, unsafeSql } from '../../warehouse/index.ts'

/*
 * The SQL that makes a column's value of a text, where COPY cannot do it itself.
 */

/** A text as a value of a type; `format` says how it is written, where Postgres does not read it by itself. */
export function valueSql(text: SQLQuery, type: string, format: string | undefined): SQLQuery {
  // The length that a type allows is left to the assignment, which refuses what a cast would cut off.
  const bare = unsafeSql(type.replace(/\s*\([^)]*\)/, ''))
  if (format === undefined) return sql`(${text})::${bare}`
  if (/^bool/i.test(type)) return booleanSql(text, format)
  const perSecond = epochs[format]
  if (/^timestamp/i.test(type))
    return perSecond === undefined
      ? sql`to_timestamp(${text}, ${sqlLiteral(format)})::${bare}`
      : sql`to_timestamp((${text})::double precision / ${unsafeSql(String(perSecond))})::${bare}`
  if (/^date/i.test(type))
    return perSecond === undefined
      ? sql`to_date(${text}, ${sqlLiteral(format)})`
      : sql`(to_timestamp((${text})::double precision / ${unsafeSql(String(perSecond))}) at time zone 'UTC')::date`
  return sql`to_number(${text}, ${sqlLiteral(format)})::${bare}`
}

/** Numbers that count from 1970, by how many make a second. */
const epochs: Readonly<Record<string, number>> = { epoch: 1, epoch_ms: 1000, epoch_us: 1_000_000 }

/** `yes|no`: anything else is refused in words. */
function booleanSql(text: SQLQuery, format: string): SQLQuery {
  const [yes = '', no = ''] = format.split('|')
  return sql`case ${text} when ${sqlLiteral(yes)} then true when ${sqlLiteral(no)} then false else (${text} || ${sqlLiteral(` is not ${format}`)})::boolean end`
}
