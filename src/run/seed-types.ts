import { cutToFit } from '../core/cut-to-fit.ts'
import type { Relation, SeedNode } from '../core/node.ts'
import { relationIdent, type Session, sql, unsafeSql } from '../warehouse/index.ts'
import type { CsvColumn } from './csv/infer-types.ts'

/** The columns of a seed's table: with the names and types that its configuration gives them, else those inferred. */
export function seedColumns(node: SeedNode, inferred: readonly CsvColumn[]): CsvColumn[] {
  return inferred.map(({ name, type, ...more }) => ({
    name: columnName(name, node),
    ...(node.columnTypes[name] === undefined ? { type, ...more } : { type: node.columnTypes[name] }),
  }))
}

/**
 * A name that is not to be quoted is one as SQL reads it: lower case and without space around it, unless the file itself
 * puts it into quotes. Where
 * the project is made for dbt, one that is too long is cut, as the server does it.
 */
function columnName(written: string, { quoteColumns, likeDbt }: SeedNode): string {
  const bare = written.trim()
  const inQuotes = /^"((?:[^"]|"")+)"$/.exec(bare)?.[1]?.replaceAll('""', '"')
  const name = quoteColumns === false ? (inQuotes ?? bare.toLowerCase()) : written
  return likeDbt ? cutToFit(name) : name
}

/** The columns as they are loaded, before they get their own types. */
export function loadedColumns(columns: readonly CsvColumn[]): Pick<CsvColumn, 'name' | 'type'>[] {
  return columns.map(({ name, type, loadAs = type }) => ({ name, type: loadAs }))
}

/** Gives columns their own types that were loaded as another. */
export async function changeLoadedTypes(
  session: Session,
  table: Relation,
  columns: readonly CsvColumn[],
): Promise<void> {
  for (const { name, type, loadAs } of columns) {
    if (loadAs === undefined) continue
    const column = sql.ident(name)
    await session.query(
      sql`alter table ${relationIdent(table)} alter column ${column} type ${unsafeSql(type)} using ${column}::${unsafeSql(type)}`,
    )
  }
}
