import { type SQLQuery, sql } from '../warehouse/index.ts'

/** A time as toISOString writes it, from the server. */
export function isoTime(time: SQLQuery): SQLQuery {
  return sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}
