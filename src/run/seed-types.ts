import type { Relation, SeedNode } from '../core/node.ts'
import { relationIdent, type Session, sql, unsafeSql } from '../warehouse/index.ts'
import type { CsvColumn } from './csv/infer-types.ts'

/** The columns of a seed's table: with the names and types that its configuration gives them, else those inferred. */
export function seedColumns(node: SeedNode, inferred: readonly CsvColumn[]): CsvColumn[] {
  return inferred.map(({ name, type, ...more }) => ({
    // A name that is not quoted is lower case, wherever it stands.
    name: node.quoteColumns === false ? name.toLowerCase() : name,
    ...(node.columnTypes[name] === undefined ? { type, ...more } : { type: node.columnTypes[name] }),
  }))
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
