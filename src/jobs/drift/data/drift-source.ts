import type { DriftSpec, DriftValue } from '../../../core/drift-spec.ts'
import type { Relation } from '../../../core/node.ts'
import { relationIdent, type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import { type DayRange, dateOf } from '../drift-periods.ts'
import type { WatchedColumn, WatchedColumns } from './watched-columns.ts'

/** The rows that are watched. */
export interface DriftSource {
  /** Those of some days, as something that stands in a `from` under the name `source`. */
  readonly from: (days: DayRange) => SQLQuery
  /** The day of a row of `source`. */
  readonly day: SQLQuery
}

/** The rows of a drift job; the condition on days is one on the bare column, which an index serves. */
export function driftSource(
  { data }: DriftSpec,
  relation: Relation,
  { dayType }: Pick<WatchedColumns, 'dayType'>,
): DriftSource {
  const column = sql`source.${sql.ident(data.day)}`
  const isInstant = /with time zone/.test(dayType)
  const bound = (day: number): SQLQuery =>
    isInstant ? sql`${`${dateOf(day)}T00:00:00Z`}::timestamptz` : sql`${dateOf(day)}::date`
  const conditions = data.where.map(({ column: name, values }) => {
    const own = sql`source.${sql.ident(name)}`
    return values ? sql`${own} in (${sql.join(values.map(literal), sql`, `)})` : own
  })
  return {
    from: ({ start, end }) => sql`(
      select *
      from ${relationIdent(relation)} as source
      where ${sql.join([sql`${column} >= ${bound(start)}`, sql`${column} < ${bound(end)}`, ...conditions], sql` and `)}
    ) as source`,
    day: isInstant ? sql`(${column} at time zone 'UTC')::date` : sql`${column}::date`,
  }
}

/** A value as it stands in SQL; a text takes the type of what it is compared with. */
function literal(value: DriftValue): SQLQuery {
  return sqlLiteral(String(value))
}

/** A number of a row of `source`, null where it is missing, infinite or too large to be squared. */
export function numberSql({ column }: Pick<WatchedColumn, 'column'>): SQLQuery {
  const name = sql`source.${sql.ident(column)}`
  return sql`(case when ${name} between -1e140 and 1e140 then ${name}::float8 end)`
}

/** What a row of `source` has in a column, in writing. */
export function textSql({ column }: Pick<WatchedColumn, 'column'>): SQLQuery {
  return sql`source.${sql.ident(column)}::text`
}
