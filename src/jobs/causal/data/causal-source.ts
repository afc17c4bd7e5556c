import type { CausalSpec, CausalValue } from '../../../core/causal-spec.ts'
import type { Relation } from '../../../core/node.ts'
import { relationIdent, type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import { whereOf } from '../../row-conditions.ts'
import type { CausalColumns } from './causal-variables.ts'

/*
 * The units of a question as something that stands in a `from` under the name `unit`. Values are written out, since COPY
 * takes no parameters.
 */

export interface CausalSource {
  readonly from: SQLQuery
  /** Whether a unit was treated, as 0 or 1 and null where it is neither; of a continuous treatment its value. */
  readonly treatment: SQLQuery
}

/** The rows that the question is about, whatever is known of them. */
export function causalSource(
  { data, treatment }: CausalSpec,
  relation: Relation,
  { types }: Pick<CausalColumns, 'types'>,
): CausalSource {
  const from =
    data.where.length === 0
      ? relationIdent(relation)
      : sql`(select * from ${relationIdent(relation)} as source ${whereOf(data.where, 'source')})`
  const column = sql`unit.${sql.ident(treatment.column)}`
  if (treatment.treated !== undefined && treatment.control !== undefined)
    return {
      from,
      treatment: sql`(case ${column} when ${literal(treatment.treated)} then 1 when ${literal(treatment.control)} then 0 end)::float8`,
    }
  return {
    from,
    treatment:
      types.get(treatment.column) === 'boolean' ? sql`${column}::int::float8` : sql`${column}::float8`,
  }
}

/** The source without the units of which something is not known that is needed. */
export function knownUnits(source: CausalSource, needed: readonly string[]): CausalSource {
  const conditions = [
    sql`(${source.treatment}) is not null`,
    ...needed.map((column) => sql`unit.${sql.ident(column)} is not null`),
  ]
  return {
    ...source,
    from: sql`(select unit.* from ${source.from} as unit where ${sql.join(conditions, sql` and `)})`,
  }
}

/** A value as it stands in SQL; a text takes the type of what it is compared with. */
function literal(value: CausalValue): SQLQuery {
  return sqlLiteral(String(value))
}
