import type { LoadTable, StreamSpec } from '../core/load-spec.ts'
import { relationKey } from '../core/node.ts'
import { forgetPositions, migrateStore } from '../store/index.ts'
import {
  createSchema,
  createTable,
  existingRelations,
  type Session,
  sql,
  unsafeSql,
} from '../warehouse/index.ts'

/**
 * Makes the tables of a stream that are not there, and columns that were declared since; returns what it made. What
 * stands stays as it is. Where the table of the rows has gone, the stream begins anew: its positions spoke of rows that
 * went with it.
 */
export async function ensureStreamTables(session: Session, spec: StreamSpec): Promise<string[]> {
  await migrateStore(session)
  return session.transaction(async () => {
    const made: string[] = []
    for (const [index, table] of spec.tables.entries()) {
      const relation = { schema: table.schema, identifier: table.name }
      await session.query(sql`select pg_advisory_xact_lock(hashtextextended(${relationKey(relation)}, 0))`)
      const [found] = await existingRelations(session, [relation])
      if (found) {
        made.push(...(await addColumns(session, table, new Set(found.columns.map(({ name }) => name)))))
        continue
      }
      await session.query(createSchema(table.schema))
      await session.query(createTable(relation, table.columns, { primaryKey: table.primaryKey }))
      if (index === 0) await forgetPositions(session, relation)
      made.push(relationKey(relation))
    }
    return made
  })
}

async function addColumns(session: Session, table: LoadTable, there: ReadonlySet<string>): Promise<string[]> {
  const added = table.columns.filter(({ name }) => !there.has(name))
  for (const { name, type } of added)
    await session.query(
      sql`alter table ${sql.ident(table.schema, table.name)} add column ${sql.ident(name)} ${unsafeSql(type)}`,
    )
  return added.map(({ name }) => `${table.schema}.${table.name}.${name}`)
}
