import type { RowCondition } from '../core/did-spec.ts'
import { type SQLQuery, sql, sqlLiteral } from '../warehouse/index.ts'

/** The `where` of rows of which all hold, nothing where there is none; values take the type of their column. */
export function whereOf(conditions: readonly RowCondition[], alias: 'source' | 'unit'): SQLQuery {
  if (conditions.length === 0) return sql``
  const each = conditions.map(({ column, values }) =>
    values
      ? sql`${sql.ident(alias, column)} in (${sql.join(
          values.map((value) => sqlLiteral(String(value))),
          sql`, `,
        )})`
      : sql.ident(alias, column),
  )
  return sql`where ${sql.join(each, sql` and `)}`
}

/** What to write instead. */
export const conditionHint = 'name the values that count: where: { column: …, values: [ … ] }'

/** What is wrong with a condition on a column of this type; null where it is well. */
export function whyNoCondition({ column, values }: RowCondition, type: string | undefined): string | null {
  if (values || type === undefined || type === 'boolean') return null
  return `column '${column}' is ${type}; a condition without values needs one that is true or false`
}
