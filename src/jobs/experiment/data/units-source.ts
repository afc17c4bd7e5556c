import type { CrossedExperiment, ExperimentData, ExperimentSpec } from '../../../core/experiment-spec.ts'
import type { Relation } from '../../../core/node.ts'
import { relationIdent, type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import { interactionSegment } from './cell-index.ts'

/*
 * Where units come from, as something that stands in a `from` under the name `unit`: the user's relation, or the units
 * that a metrics node keeps. Values are written out, since COPY takes no parameters.
 */

/** Types of the columns: booleans count as 0 and 1. */
export type ColumnTypes = ReadonlyMap<string, string>

export interface UnitsSource {
  readonly from: SQLQuery
  /** Columns of key and arm. */
  readonly unit: string
  readonly arm: string
  readonly cluster: string | null
  /** Columns by whose values units are told apart. */
  readonly segments: readonly string[]
  /** What names a unit's stratum; null where there are none. */
  readonly stratum: SQLQuery | null
  readonly types: ColumnTypes
  /** Whether `from` has the days since each unit's exposure as a column of the name below. */
  readonly hasAge: boolean
}

/** What stands for the arm of units that are not in the other experiment. */
const notInIt = 'not in it'

/** The column that says how many days before `as_of` a unit was exposed. */
export const ageColumn = 'estimand_days_since_exposure'

/** The units of the user's own relation. Of a switchback the first periods of each block are left out. */
export function ownUnits(
  spec: ExperimentSpec,
  data: Extract<ExperimentData, { kind: 'units' }>,
  relationOf: (ref: string) => Relation,
  types: ColumnTypes,
): UnitsSource {
  const { switchback, strata, segments, interactions } = spec
  const values = strata.map((name) => sql`coalesce(unit.${sql.ident(name)}::text, 'null')`)
  const time = data.time === undefined ? null : sql`source.${sql.ident(data.time)}`
  const age =
    time === null
      ? sql``
      : sql`, ${ageOf(time, types.get(data.time!) ?? '', spec.asOf)} as ${sql.ident(ageColumn)}`
  const period = switchback
    ? sql`, dense_rank() over (
        partition by source.${sql.ident(switchback.block)} order by source.${sql.ident(switchback.period)}
      ) as estimand_period`
    : sql``
  // A unit in several arms of the other experiment is in none that could be told.
  const crossed = crossing(
    spec,
    ({ units: other }) => sql`(
      select ${sql.ident(other!.unit)} as unit, min(${sql.ident(other!.arm)}::text) as arm
      from ${relationIdent(relationOf(other!.ref))}
      group by 1
      having min(${sql.ident(other!.arm)}::text) = max(${sql.ident(other!.arm)}::text))`,
    data.unit,
  )
  const relation = relationIdent(relationOf(data.ref))
  const source = sql`select source.*${age}${period}${crossed.columns} from ${relation} as source${crossed.joins}`
  return {
    from: switchback
      ? sql`(select * from (${source}) as periods where estimand_period > ${sqlLiteral(String(switchback.carryOver))}::int)`
      : time === null && interactions.length === 0
        ? relation
        : sql`(${source})`,
    unit: data.unit,
    arm: data.arm,
    // Rows of one block were given their arm together.
    cluster: spec.cluster ?? switchback?.block ?? null,
    segments: [...segments, ...interactions.map(({ experiment }) => interactionSegment(experiment))],
    stratum: strata.length === 0 ? null : sql.join(values, sql` || ' / ' || `),
    types,
    hasAge: time !== null,
  }
}

/** Whole days between an instant and `as_of`; what names no time zone is in UTC. */
function ageOf(time: SQLQuery, type: string, asOf: string): SQLQuery {
  const instant = /with time zone/.test(type) ? time : sql`(${time}::timestamp at time zone 'UTC')`
  const end = sql`${sqlLiteral(/[T ]/.test(asOf) ? asOf : `${asOf}T00:00:00Z`)}::timestamptz`
  return sql`floor(extract(epoch from ${end} - ${instant}) / 86400)::int`
}

/**
 * The arms that units of `source` have in the experiments that this one is crossed with, as columns and joins; `of` gives
 * the rows of one, with `unit` and `arm`.
 */
function crossing(
  { interactions }: ExperimentSpec,
  of: (other: CrossedExperiment) => SQLQuery,
  unit = 'unit',
): { readonly columns: SQLQuery; readonly joins: SQLQuery } {
  const parts = interactions.map((other, index) => {
    const name = sql.ident(`other_${index}`)
    return {
      column: sql`, coalesce(${name}.arm, ${sqlLiteral(notInIt)}) as ${sql.ident(interactionSegment(other.experiment))}`,
      join: sql` left join ${of(other)} as ${name} on source.${sql.ident(unit)} = ${name}.unit`,
    }
  })
  return {
    columns: sql.join(
      parts.map(({ column }) => column),
      sql``,
    ),
    joins: sql.join(
      parts.map(({ join }) => join),
      sql``,
    ),
  }
}

/** The units that a set of metrics keeps of one experiment, with their arms in the experiments that it is crossed with. */
export function keptUnits(
  spec: ExperimentSpec,
  experiment: string,
  relation: Relation,
  types: ColumnTypes,
): UnitsSource {
  const own = (name: string): SQLQuery =>
    sql`(select * from ${relationIdent(relation)} where experiment = ${sqlLiteral(name)} and counted)`
  const segments = spec.segments.map(
    (name) => sql`, source.segments ->> ${sqlLiteral(name)} as ${sql.ident(name)}`,
  )
  const crossed = crossing(spec, ({ experiment: name }) => own(name))
  return {
    from: sql`(
      select
        source.*,
        ${sqlLiteral(spec.asOf.slice(0, 10))}::date - source.exposed_day as ${sql.ident(ageColumn)}
        ${sql.join([...segments, crossed.columns], sql``)}
      from ${own(experiment)} as source${crossed.joins})`,
    unit: 'unit',
    arm: 'arm',
    cluster: spec.cluster === undefined ? null : 'cluster',
    segments: spec.segments,
    stratum: spec.strata.length === 0 ? null : sql`unit.stratum`,
    types,
    hasAge: true,
  }
}
