import type { Relation } from '../core/node.ts'
import { createTable, relationIdent, type Session, sql } from '../warehouse/index.ts'
import type { JobColumn, JobTable } from './job.ts'

/** How many rows go to the server in one statement. */
const rowsTogether = 5_000

/**
 * A table of rows whose fields are the columns in camel case; a field that no column has is a fault. What stands within
 * a jsonb column is written as it is.
 */
export function rowsTable(
  suffix: string,
  columns: readonly JobColumn[],
  rows: readonly object[],
): Extract<JobTable, { readonly kind: 'rows' }> {
  const names = new Set(columns.map(({ name }) => name))
  return { kind: 'rows', suffix, columns, rows: rows.map((row) => byColumn(row, names)) }
}

function byColumn(row: object, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => {
      const name = snakeCase(field)
      if (!names.has(name)) throw new Error(`no column '${name}' for the field '${field}'`)
      return [name, value]
    }),
  )
}

/** `segmentName` → `segment_name`. */
function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Creates the table and writes the rows into it. */
export async function writeRows(
  session: Session,
  relation: Relation,
  { columns, rows }: Pick<Extract<JobTable, { readonly kind: 'rows' }>, 'columns' | 'rows'>,
): Promise<void> {
  await session.query(createTable(relation, columns))
  for (let from = 0; from < rows.length; from += rowsTogether) {
    const some = JSON.stringify(rows.slice(from, from + rowsTogether))
    // The table's own row type reads the JSON, so names and types stand in one place only.
    await session.query(sql`
      insert into ${relationIdent(relation)}
      select * from jsonb_populate_recordset(null::${relationIdent(relation)}, ${some}::jsonb)`)
  }
}
