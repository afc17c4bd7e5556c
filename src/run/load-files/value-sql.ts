import { type SQLQuery, sql, sqlLiteral, unsafeSql } from '../../warehouse/index.ts'
import { numberPattern, timePattern } from './template-pattern.ts'

/*
 * The SQL that makes a column's value of a text, where COPY cannot do it itself.
 */

/** A text as a value of a type; `format` says how it is written, where Postgres does not read it by itself. */
export function valueSql(text: SQLQuery, type: string, format: string | undefined): SQLQuery {
  const bare = bareType(type)
  if (format === undefined) return sql`(${text})::${bare}`
  if (/^bool/i.test(type)) return booleanSql(text, format)
  const perSecond = epochs[format]
  if (/^timestamp/i.test(type))
    return perSecond === undefined
      ? asWritten(text, format, type, sqlLiteral(timePattern(format)), 'to_timestamp')
      : sql`to_timestamp((${text})::double precision / ${unsafeSql(String(perSecond))})::${bare}`
  if (/^date/i.test(type))
    return perSecond === undefined
      ? asWritten(text, format, type, sqlLiteral(timePattern(format)), 'to_date')
      : sql`(to_timestamp((${text})::double precision / ${unsafeSql(String(perSecond))}) at time zone 'UTC')::date`
  return asWritten(text, format, type, numberPatternSql(format), 'to_number')
}

/** A text by a template, if it is written so: the server's functions take from any other what they can. */
function asWritten(
  text: SQLQuery,
  format: string,
  type: string,
  pattern: SQLQuery,
  by: 'to_date' | 'to_timestamp' | 'to_number',
): SQLQuery {
  const bare = bareType(type)
  return sql`case when (${text}) ~ ${pattern} then ${unsafeSql(by)}(${text}, ${sqlLiteral(format)})::${bare} else (${text} || ${sqlLiteral(` is not ${format}`)})::${bare} end`
}

/** The pattern of a number; which marks D and G are is the server's to say. */
function numberPatternSql(format: string): SQLQuery {
  const pattern = sqlLiteral(numberPattern(format, '[{D}]', '[{G}]'))
  if (!/[DG]/i.test(format)) return pattern
  const mark = (example: SQLQuery, place: number) =>
    sql`coalesce(nullif(substr(${example}, ${unsafeSql(String(place))}, 1), '0'), ',')`
  const decimal = mark(sql`to_char(0.5, 'FM0D0')`, 2)
  const group = mark(sql`to_char(1000, 'FM9G999')`, 2)
  return sql`(select replace(replace(${pattern}, '{D}', ${decimal}), '{G}', ${group}))`
}

/** The length that a type allows is left to the assignment, which refuses what a cast would cut off. */
function bareType(type: string): SQLQuery {
  return unsafeSql(type.replace(/\s*\([^)]*\)/, ''))
}

/** Numbers that count from 1970, by how many make a second. */
const epochs: Readonly<Record<string, number>> = { epoch: 1, epoch_ms: 1000, epoch_us: 1_000_000 }

/** `yes|no`: anything else is refused in words. */
function booleanSql(text: SQLQuery, format: string): SQLQuery {
  const [yes = '', no = ''] = format.split('|')
  return sql`case ${text} when ${sqlLiteral(yes)} then true when ${sqlLiteral(no)} then false else (${text} || ${sqlLiteral(` is not ${format}`)})::boolean end`
}
