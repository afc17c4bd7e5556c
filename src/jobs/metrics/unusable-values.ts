import type { Relation } from '../../core/node.ts'
import { relationIdent, type Session, type SQLQuery, sql } from '../../warehouse/index.ts'
import { type MetricsPlan, type UnusableColumns, unusableKey } from './metrics-plan.ts'
import { isFiniteSql } from './source-sql.ts'

/** Thrown when rows hold values that are no finite numbers where none were expected. */
export class UnusableValues extends Error {
  readonly columns: UnusableColumns

  constructor(columns: UnusableColumns) {
    super(`values that are no finite numbers: ${[...columns].join(', ')}`)
    this.name = 'UnusableValues'
    this.columns = columns
  }
}

/** Sums in a relation, and which of its rows are looked at. */
export interface SumsOfMeasures {
  readonly relation: Relation
  readonly sums: readonly { readonly measure: number; readonly column: SQLQuery }[]
  readonly where: SQLQuery
}

/** Throws for sums that are no finite numbers: with a value that is none no sum is, so looking at sums is enough. */
export async function refuseUnusable(
  session: Session,
  plan: MetricsPlan,
  { relation, sums, where }: SumsOfMeasures,
): Promise<void> {
  if (sums.length === 0) return
  const tests = sums.map(({ column }) => sql`coalesce(bool_or(not ${isFiniteSql(column)}), false)`)
  const { rows } = await session.query<{ found: boolean[] }>(
    sql`select array[${sql.join(tests, sql`, `)}] as found from ${relationIdent(relation)} ${where}`,
  )
  const columns = sums.flatMap(({ measure }, index) => {
    const { source, measure: summed } = plan.measures[measure]!
    if (!rows[0]!.found[index] || summed.column === undefined) return []
    return [unusableKey(plan.sources[source]!, summed.column)]
  })
  if (columns.length > 0) throw new UnusableValues(new Set(columns))
}
