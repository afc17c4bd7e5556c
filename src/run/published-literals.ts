import { type CompiledSql, editSql } from '../compile/compiled-sql.ts'
import { stringLiterals } from '../compile/sql/statements.ts'
import { type Builds, publishedNames } from './relations.ts'

/**
 * Text that a query puts into its rows says where a relation is published, not where the run builds it:
 * `'"db"."analytics"."orders"' as source_relation` stays true when the run is long over.
 */
export function withPublishedLiterals(
  sql: CompiledSql,
  buildSchema: string,
  builds: Pick<Builds, 'all'>,
): CompiledSql {
  if (!sql.text.includes(buildSchema)) return sql
  const rename = publishedNames(
    buildSchema,
    builds.all().map(({ published }) => published),
  )
  const edits = stringLiterals(sql.text).flatMap(({ from, to }) => {
    const literal = sql.text.slice(from, to)
    const text = literal.includes(buildSchema) ? rename(literal) : literal
    return text === literal ? [] : [{ from, to, text }]
  })
  return editSql(sql, edits)
}
