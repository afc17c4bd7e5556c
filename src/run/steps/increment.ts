import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import {
  type CatalogColumn,
  columnsOf,
  createTableAs,
  createView,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
  unsafeSql,
} from '../../warehouse/index.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'

/*
 * An increment is built as a table of its own: the delta. Until it is applied, whoever reads the model within
 * the run reads a preview: the published rows that the delta does not replace, and the delta.
 */

/** Builds the delta and its preview. */
export async function buildIncrement(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  preview: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const delta: Relation = { schema: preview.schema, identifier: `${preview.identifier.slice(0, 56)}__delta` }
  const { rowCount } = await session.query(createTableAs(delta, unsafeSql(compiled.text), { unlogged: true }))
  const published = (await columnsOf(session, node.relation)) ?? []
  const built = (await columnsOf(session, delta)) ?? []
  const change = schemaChange(node, published, built, context)
  await session.query(createView(preview, previewQuery(node, delta, change, built)))
  context.builds.add(node.relation, preview)
  return {
    rows: rowCount,
    message: `${rowCount} rows`,
    compiledCode: compiled.text,
    publish: [
      {
        kind: 'apply-delta',
        build: delta,
        published: node.relation,
        strategy: node.incrementalStrategy,
        uniqueKey: node.uniqueKey,
        columns: change.columns.map(({ name }) => name),
        addColumns: change.added,
        dropColumns: change.dropped,
      },
    ],
  }
}

interface SchemaChange {
  /** The columns of the table when the delta has been applied. */
  readonly columns: readonly CatalogColumn[]
  readonly added: readonly CatalogColumn[]
  readonly dropped: readonly string[]
}

/** What on_schema_change makes of a delta whose columns are not those of the table. */
function schemaChange(
  node: ModelNode,
  published: readonly CatalogColumn[],
  built: readonly CatalogColumn[],
  { renderer }: RunContext,
): SchemaChange {
  const added = built.filter(({ name }) => !published.some((column) => column.name === name))
  const missing = published
    .filter(({ name }) => !built.some((column) => column.name === name))
    .map(({ name }) => name)
  const refuse = (message: string, hint: string): never => {
    throw new ProblemError(renderer.problem('sql-error', message, node.place, hint))
  }
  const list = (columns: readonly (string | CatalogColumn)[]): string =>
    columns.map((column) => (typeof column === 'string' ? column : column.name)).join(', ')
  switch (node.onSchemaChange) {
    case 'ignore':
      if (missing.length > 0)
        refuse(
          `the increment lacks columns of the table: ${list(missing)}`,
          'build it anew with --full-refresh, or set on_schema_change: sync_all_columns',
        )
      return { columns: published, added: [], dropped: [] }
    case 'fail':
      if (added.length + missing.length > 0)
        refuse(
          `the columns changed and on_schema_change is fail (new: ${list(added) || 'none'}; gone: ${list(missing) || 'none'})`,
          'build it anew with --full-refresh',
        )
      return { columns: published, added: [], dropped: [] }
    case 'append_new_columns':
      return { columns: [...published, ...added], added, dropped: [] }
    case 'sync_all_columns':
      return {
        columns: [...published.filter(({ name }) => !missing.includes(name)), ...added],
        added,
        dropped: missing,
      }
  }
}

function previewQuery(
  node: ModelNode,
  delta: Relation,
  { columns, added }: SchemaChange,
  built: readonly CatalogColumn[],
): SQLQuery {
  const old = columns.map((column) =>
    added.includes(column)
      ? sql`null::${unsafeSql(column.type)} as ${sql.ident(column.name)}`
      : sql`old.${sql.ident(column.name)}`,
  )
  const fresh = columns.map((column) =>
    built.some(({ name }) => name === column.name)
      ? sql`fresh.${sql.ident(column.name)}`
      : sql`null::${unsafeSql(column.type)} as ${sql.ident(column.name)}`,
  )
  return sql`
    select ${sql.join(old, sql`, `)}
    from ${relationIdent(node.relation)} as old
    ${notReplaced(node, delta)}
    union all
    select ${sql.join(fresh, sql`, `)}
    from ${relationIdent(delta)} as fresh`
}

/** Rows of the table stay unless the delta has their key. */
function notReplaced({ incrementalStrategy, uniqueKey }: ModelNode, delta: Relation): SQLQuery {
  if (incrementalStrategy === 'append') return sql``
  const same = uniqueKey.map((key) => sql`replacement.${sql.ident(key)} = old.${sql.ident(key)}`)
  return sql`where not exists (
      select from ${relationIdent(delta)} as replacement
      where ${sql.join(same, sql` and `)}
    )`
}
