import type { ModelNode } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import type { CatalogColumn } from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'
import { widenedColumns } from '../widened-columns.ts'

/** What happens to the columns of a table when an increment goes in. */
export interface SchemaChange {
  /** The columns of the table when the delta has been applied. */
  readonly columns: readonly CatalogColumn[]
  readonly added: readonly CatalogColumn[]
  readonly dropped: readonly string[]
  /** Columns with their new types. */
  readonly altered: readonly CatalogColumn[]
}

/** What on_schema_change makes of a delta whose columns are not those of the table. */
export function schemaChange(
  node: ModelNode,
  published: readonly CatalogColumn[],
  built: readonly CatalogColumn[],
  { renderer }: RunContext,
): SchemaChange {
  const added = built.filter(({ name }) => !published.some((column) => column.name === name))
  const missing = published
    .filter(({ name }) => !built.some((column) => column.name === name))
    .map(({ name }) => name)
  // Text grows whatever is configured: an increment with a longer value is no other table.
  const widened = widenedColumns(published, built)
  const retyped = retypedColumns(published, built)
  const refuse = (message: string, hint: string): never => {
    throw new ProblemError(renderer.problem('sql-error', message, node.place, hint))
  }
  switch (node.onSchemaChange) {
    case 'ignore':
      if (missing.length > 0)
        refuse(
          `the increment lacks columns of the table: ${missing.join(', ')}`,
          'build it anew with --full-refresh, or set on_schema_change: sync_all_columns',
        )
      return after(published, [], [], widened)
    case 'fail':
      if (added.length + missing.length + retyped.length > 0)
        refuse(
          `the columns changed and on_schema_change is fail (new: ${names(added)}; gone: ${missing.join(', ') || 'none'}; of another type: ${names(retyped)})`,
          'build it anew with --full-refresh',
        )
      return after(published, [], [], widened)
    case 'append_new_columns':
      return after(published, added, [], widened)
    case 'sync_all_columns':
      return after(published, added, missing, [...widened, ...retyped])
  }
}

function after(
  published: readonly CatalogColumn[],
  added: readonly CatalogColumn[],
  dropped: readonly string[],
  altered: readonly CatalogColumn[],
): SchemaChange {
  const kept = published.filter(({ name }) => !dropped.includes(name))
  const columns = kept.map((column) => altered.find(({ name }) => name === column.name) ?? column)
  return { columns: [...columns, ...added], added, dropped, altered }
}

/** Columns whose type is another one than before; lengths of text are no other type. */
function retypedColumns(
  published: readonly CatalogColumn[],
  built: readonly CatalogColumn[],
): readonly CatalogColumn[] {
  return published.flatMap((column) => {
    const fresh = built.find(({ name }) => name === column.name)
    const same = !fresh || fresh.type === column.type || (isText(fresh.type) && isText(column.type))
    return same ? [] : [{ ...column, type: fresh.type }]
  })
}

function isText(type: string): boolean {
  return /^(text|character varying|character)\b/.test(type)
}

function names(columns: readonly CatalogColumn[]): string {
  return columns.map(({ name }) => name).join(', ') || 'none'
}
