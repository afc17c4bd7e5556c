import type { DidSpec } from '../../../core/did-spec.ts'
import type { Relation } from '../../../core/node.ts'
import { relationIdent, type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import { asFiniteNumber, asNumber } from '../../experiment/data/cells-query.ts'
import { whereOf } from '../../row-conditions.ts'
import type { DidColumns } from './did-columns.ts'

/*
 * The rows of a panel in one form, whatever its columns are called: unit, t, first, w, cluster, y0 …, x0 …. Values are written
 * out, since COPY takes no parameters.
 */

/** The rows that the question is about; `t` and `first` are numbers: seconds since 1970 of dates. */
export function didSource(
  spec: DidSpec,
  columns: DidColumns,
  relationOf: (ref: string) => Relation,
): SQLQuery {
  const { data, treatment, outcomes, covariates, cluster } = spec
  const { dates } = treatment
  const unit = sql`unit.${sql.ident(data.unit)}`
  const time = timeNumber(sql`unit.${sql.ident(data.time)}`, columns.panel.get(data.time)!)
  const joined =
    dates.kind === 'rollout'
      ? sql`
        left join (
          select source.${sql.ident(dates.key)}::text as key,
            min(${timeNumber(sql`source.${sql.ident(dates.date)}`, columns.rollout.get(dates.date)!)}) as first
          from ${relationIdent(relationOf(dates.ref))} as source
          ${whereOf(dates.where, 'source')}
          group by 1
        ) as rollout on rollout.key = unit.${sql.ident(dates.group)}::text`
      : sql``
  const status = (column: string) => sql`${asNumber(column, columns.panel)} <> 0`
  const first =
    dates.kind === 'rollout'
      ? sql`rollout.first`
      : dates.kind === 'first_treated'
        ? timeNumber(sql`unit.${sql.ident(dates.column)}`, columns.panel.get(dates.column)!)
        : sql`min(${time}) filter (where ${status(dates.column)}) over (partition by ${unit})`
  return sql`(
      select
        ${sql.join(
          [
            sql`${unit}::text as unit`,
            sql`${time} as t`,
            sql`${first} as first`,
            sql`${data.weight === undefined ? sql`1::float8` : asFiniteNumber(data.weight, columns.panel)} as w`,
            sql`${cluster === undefined ? sql`null::text` : sql`unit.${sql.ident(cluster)}::text`} as cluster`,
            sql`${dates.kind === 'status' ? status(dates.column) : sql`null::boolean`} as status`,
            ...outcomes.map(
              ({ column }, index) =>
                sql`${asFiniteNumber(column, columns.panel)} as ${sql.ident(`y${index}`)}`,
            ),
            ...covariates.map(
              (column, index) => sql`${asFiniteNumber(column, columns.panel)} as ${sql.ident(`x${index}`)}`,
            ),
          ],
          sql`, `,
        )}
      from (select * from ${relationIdent(relationOf(data.ref))} as source ${whereOf(data.where, 'source')}) as unit
      ${joined}
    )`
}

function timeNumber(value: SQLQuery, type: string): SQLQuery {
  return /^(date|timestamp)/.test(type) ? sql`extract(epoch from ${value})::float8` : sql`${value}::float8`
}

/** What has to be known of a row. */
export function knownColumns({ treatment, outcomes, covariates, cluster }: DidSpec): string[] {
  return [
    ...['unit', 't', 'w', ...(cluster === undefined ? [] : ['cluster'])],
    ...(treatment.dates.kind === 'status' ? ['status'] : []),
    ...outcomes.map((_, index) => `y${index}`),
    ...covariates.map((_, index) => `x${index}`),
  ]
}

/** How times of a panel are told as places among its periods. */
export interface PeriodPlaces {
  /** The periods' times, ascending. */
  readonly times: readonly number[]
  readonly isDated: boolean
}

/**
 * The rows of which all is known, each with the place of its period, from 1 on, and `first` as estimates count it: of numbers the
 * number itself, of dates the place of the period that holds it; infinite where a unit is not treated within the panel.
 */
export function placedRows(
  spec: DidSpec,
  source: SQLQuery,
  { times, isDated }: PeriodPlaces,
  onlyWhole: boolean,
): SQLQuery {
  const array = sql`array[${sql.join(
    times.map((time) => sqlLiteral(String(time))),
    sql`, `,
  )}]::float8[]`
  const [last, before] = [times.at(-1)!, times.at(-2) ?? times.at(-1)!]
  // The last period is taken to be as long as the one before it.
  const end = isDated ? last + (last - before) : last
  const isNever = sql`row.first is null or row.first = 'infinity' or row.first = 'NaN'
    ${!isDated && times[0]! > 0 ? sql`or row.first = 0` : sql``}
    or ${isDated ? sql`row.first >= ${sqlLiteral(String(end))}::float8` : sql`row.first > ${sqlLiteral(String(end))}::float8`}`
  const place = isDated ? sql`width_bucket(row.first, ${array})::float8` : sql`row.first`
  const known = sql.join(
    knownColumns(spec).map((column) => sql`row.${sql.ident(column)} is not null`),
    sql` and `,
  )
  const rows = sql`
    select row.*, width_bucket(row.t, ${array}) as place,
      case when ${isNever} then 'infinity'::float8 else ${place} end as began
    from ${source} as row
    where ${known}`
  if (!onlyWhole) return sql`(${rows})`
  return sql`(
    select whole.* from (
      select each.*, count(*) over (partition by each.unit) as seen from (${rows}) as each
    ) as whole
    where whole.seen = ${sqlLiteral(String(times.length))}::int)`
}
