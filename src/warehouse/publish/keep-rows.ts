import type { Relation } from '../../core/node.ts'
import { columnList, relationIdent } from '../relation-sql.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import { copyIndexes } from './carry-indexes.ts'

/*
 * What changes in place can be undone, too. The rows that a change takes the place of are kept beside the table, and
 * those that it writes are known by the transaction that wrote them, which PostgreSQL keeps with every row (xmin). So
 * the table is searched only when somebody takes the change back, and what is kept is no larger than the change.
 *
 * Where columns change, rows alone would not do: then the whole table is copied, before anything is locked.
 */

/** Says which transaction had written a row that is kept. */
export const writtenByColumn = 'estimand_written_by'

/** The rows that a publication wrote into a table. */
export interface WrittenRows {
  /** The transactions under which they stand in the table. */
  readonly by: readonly string[]
  readonly rows: number
}

/** A statement that changes rows. */
export interface RowChange {
  readonly statement: SQLQuery
  /** Whether the rows that it changes are in the table afterwards. */
  readonly writes: boolean
  /** Which rows of the table, under an alias, it deletes or overwrites. */
  readonly takes?: { readonly alias: string; readonly condition: SQLQuery }
}

/** Whether rows tell who wrote them: those of an ordinary table that is one, and not spread over nodes. */
export async function canKeepRows(session: Session, { schema, identifier }: Relation): Promise<boolean> {
  const { rows } = await session.query<{ can: boolean }>(sql`
    select
      c.relkind = 'r'
        and not c.relhassubclass
        and m.amname = 'heap'
        and not exists (select from pg_catalog.pg_extension where extname = 'citus') as can
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_am m on m.oid = c.relam
    where n.nspname = ${schema} and c.relname = ${identifier}`)
  return rows[0]?.can ?? false
}

/** Makes changes in a table, and keeps the rows that they take the place of. */
export async function keepRows(
  session: Session,
  published: Relation,
  keptAs: Relation,
  changes: readonly RowChange[],
): Promise<WrittenRows> {
  const [table, kept] = [relationIdent(published), relationIdent(keptAs)]
  await session.query(sql`create table ${kept} (like ${table}, ${sql.ident(writtenByColumn)} xid not null)`)
  // Whoever makes a table writes its row of the catalogue, under the number under which it writes any other.
  const { rows: found } = await session.query<{ xid: string }>(sql`
    select c.xmin::text as xid
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${keptAs.schema} and c.relname = ${keptAs.identifier}`)
  let rows = 0
  for (const { statement, writes, takes } of changes) {
    if (takes) await session.query(keepTaken(table, kept, takes))
    const { rowCount } = await session.query(statement)
    if (writes) rows += rowCount
  }
  return { by: [found[0]!.xid], rows }
}

function keepTaken(
  table: SQLQuery,
  kept: SQLQuery,
  { alias, condition }: NonNullable<RowChange['takes']>,
): SQLQuery {
  const row = sql.ident(alias)
  return sql`insert into ${kept}\nselect ${row}.*, ${row}.xmin\nfrom ${table} as ${row}\nwhere ${condition}`
}

/** Copies a table, with everything that it brings along when it takes its place again. */
export async function copyTable(session: Session, from: Relation, to: Relation): Promise<void> {
  const [table, copy] = [relationIdent(from), relationIdent(to)]
  await session.query(
    sql`create table ${copy} (like ${table} including all excluding indexes excluding statistics)`,
  )
  const columns = columnList(await storedColumns(session, from))
  await session.query(
    sql`insert into ${copy} (${columns}) overriding system value select ${columns} from ${table}`,
  )
  await copyIndexes(session, from, to)
  const { rows } = await session.query<{ name: string; definition: string }>(sql`
    select k.conname as name, pg_get_constraintdef(k.oid) as definition
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${from.schema} and c.relname = ${from.identifier} and k.contype in ('p', 'u', 'x')`)
  for (const { name, definition } of rows)
    await session.query(sql`alter table ${copy} add constraint ${sql.ident(name)} ${unsafeSql(definition)}`)
}

/** The columns of a table that can be written. */
export async function storedColumns(
  session: Session,
  { schema, identifier }: Relation,
): Promise<readonly string[]> {
  const { rows } = await session.query<{ name: string }>(sql`
    select a.attname as name
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${identifier}
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by a.attnum`)
  return rows.map(({ name }) => name)
}
