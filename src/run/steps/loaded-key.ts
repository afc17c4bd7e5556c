import { type Relation, relationKey } from '../../core/node.ts'
import { addPrimaryKey, relationIdent, ServerError, sql, type Warehouse } from '../../warehouse/index.ts'
import { loadProblem, type RowsLoad } from '../load-files/source-of.ts'

const uniqueViolation = '23505'

/** Makes the primary key of a table that has been loaded; tells of the first key that two rows have. */
export async function addLoadedKey(
  node: RowsLoad,
  { loaded, published }: { readonly loaded: Relation; readonly published: Relation },
  warehouse: Pick<Warehouse, 'query'>,
): Promise<void> {
  const { primaryKey } = node.spec.tables[0]!
  if (primaryKey.length === 0) return
  try {
    await warehouse.query(addPrimaryKey(loaded, primaryKey))
  } catch (error) {
    if (!(error instanceof ServerError) || error.failure.sqlstate !== uniqueViolation) throw error
    const { key, rows } = await firstDuplicate(loaded, primaryKey, warehouse)
    throw loadProblem(
      node,
      `${relationKey(published)} would have ${rows} rows with the primary key ${key}`,
      'mode: upsert keeps the last row of each key; on_bad_row is about rows that do not fit by themselves',
    )
  }
}

async function firstDuplicate(
  relation: Relation,
  columns: readonly string[],
  warehouse: Pick<Warehouse, 'query'>,
): Promise<{ readonly key: string; readonly rows: string }> {
  const shown = columns.map((name) => sql`${`${name} = `}::text || ${sql.ident(name)}::text`)
  const keys = sql.join(
    columns.map((name) => sql.ident(name)),
    ', ',
  )
  const { rows } = await warehouse.query<{ key: string; rows: string }>(sql`
    select concat_ws(', ', ${sql.join(shown, ', ')}) as key, count(*)::text as rows
    from ${relationIdent(relation)}
    group by ${keys}
    having count(*) > 1
    order by ${keys}
    limit 1`)
  return rows[0]!
}
