import { type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import { asNumber } from '../../experiment/data/cells-query.ts'
import type { CausalColumns } from './causal-variables.ts'
import type { CausalFacts } from './fetch-facts.ts'

/** A number that every unit has: an outcome, a numeric variable, or whether a categorical one has a level. */
export interface DesignColumn {
  /** What it goes by: the variable's name, or `country = DE`. */
  readonly label: string
  readonly node: string
  readonly column: string
  /** Of a categorical variable. */
  readonly level: string | null
}

/** The columns of the variables; of a categorical one those of all levels but the most frequent. */
export function designColumns(
  { variables }: CausalColumns,
  { levels }: Pick<CausalFacts, 'levels'>,
): DesignColumn[] {
  return variables.flatMap(({ node, column, kind }): DesignColumn[] =>
    kind === 'numeric'
      ? [{ label: node, node, column, level: null }]
      : (levels.get(node) ?? [])
          .slice(1)
          .map((level) => ({ label: `${node} = ${level}`, node, column, level })),
  )
}

/** Its value of a `unit`. */
export function designValue(
  { column, level }: DesignColumn,
  { types }: Pick<CausalColumns, 'types'>,
): SQLQuery {
  if (level === null) return asNumber(column, types)
  return sql`(unit.${sql.ident(column)}::text = ${sqlLiteral(level)})::int::float8`
}
