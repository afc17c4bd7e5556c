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
  const places = stringLiterals(sql.text).filter(({ from, to }) =>
    sql.text.slice(from, to).includes(buildSchema),
  )
  if (places.length === 0) return sql
  const rename = publishedNames(
    buildSchema,
    builds.all().map(({ published }) => published),
  )
  return editSql(
    sql,
    places.map(({ from, to }) => ({ from, to, text: rename(sql.text.slice(from, to)) })),
  )
}
