import type { ExperimentData, ExperimentSpec } from '../../../core/experiment-spec.ts'
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
}

/** The units of the user's own relation. Of a switchback the first periods of each block are left out. */
export function ownUnits(
  spec: ExperimentSpec,
  data: Extract<ExperimentData, { kind: 'units' }>,
  relation: Relation,
  types: ColumnTypes,
): UnitsSource {
  const { switchback, strata, segments } = spec
  const values = strata.map((name) => sql`coalesce(unit.${sql.ident(name)}::text, 'null')`)
  return {
    from: switchback
      ? sql`(
          select * from (
            select
              source.*,
              dense_rank() over (
                partition by source.${sql.ident(switchback.block)} order by source.${sql.ident(switchback.period)}
              ) as estimand_period
            from ${relationIdent(relation)} as source
          ) as periods
          where estimand_period > ${sqlLiteral(String(switchback.carryOver))}::int)`
      : relationIdent(relation),
    unit: data.unit,
    arm: data.arm,
    // Rows of one block were given their arm together.
    cluster: spec.cluster ?? switchback?.block ?? null,
    segments,
    stratum: strata.length === 0 ? null : sql.join(values, sql` || ' / ' || `),
    types,
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
  const crossed = spec.interactions.map((name, index) => {
    const other = sql.ident(`other_${index}`)
    return {
      column: sql`, coalesce(${other}.arm, 'not in it') as ${sql.ident(interactionSegment(name))}`,
      join: sql` left join ${own(name)} as ${other} on source.unit = ${other}.unit`,
    }
  })
  return {
    from: sql`(
      select source.*${sql.join([...segments, ...crossed.map(({ column }) => column)], sql``)}
      from ${own(experiment)} as source${sql.join(
        crossed.map(({ join }) => join),
        sql``,
      )})`,
    unit: 'unit',
    arm: 'arm',
    cluster: spec.cluster === undefined ? null : 'cluster',
    segments: spec.segments,
    stratum: spec.strata.length === 0 ? null : sql`unit.stratum`,
    types,
  }
}
