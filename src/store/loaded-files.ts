import type { HeldFile, LoadedFiles } from '../core/loaded-file.ts'
import { type Relation, relationKey } from '../core/node.ts'
import { type Session, sql } from '../warehouse/index.ts'
import { hasTable } from './has-table.ts'

/*
 * Which files tables hold. It changes in the transaction that changes the table, so that a file is loaded once, whatever
 * happens to the command. What it says is about one table and not about a name.
 */

/** The files of all tables of which any are known, by relation key; none before the first run. */
export async function readLoadedFiles(session: Session): Promise<ReadonlyMap<string, readonly HeldFile[]>> {
  if (!(await hasTable(session, 'loaded_files'))) return new Map()
  const { rows } = await session.query<HeldFile & { schema_name: string; relation_name: string }>(sql`
    select
      loaded.schema_name,
      loaded.relation_name,
      loaded.file,
      loaded.size_bytes::float8 as "sizeBytes",
      loaded.version,
      loaded.checksum,
      loaded.row_count::float8 as rows,
      loaded.bad_row_count::float8 as "badRows",
      to_char(loaded.loaded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "loadedAt"
    from estimand.loaded_files loaded
    join pg_catalog.pg_class c on c.oid = loaded.relation_oid and c.relname = loaded.relation_name
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = loaded.schema_name
    order by loaded.file`)
  const byTable = new Map<string, HeldFile[]>()
  for (const { schema_name, relation_name, ...file } of rows) {
    const key = relationKey({ schema: schema_name, identifier: relation_name })
    const files = byTable.get(key) ?? []
    files.push(file)
    byTable.set(key, files)
  }
  return byTable
}

/** Notes what publications say of the files of tables; call it in their transaction, when the tables are in place. */
export async function recordLoadedFiles(
  session: Session,
  runId: string,
  at: Date,
  changes: readonly { readonly relation: Relation; readonly loaded: LoadedFiles }[],
): Promise<void> {
  for (const { relation, loaded } of changes) {
    const { schema, identifier } = relation
    const isConcerned = sql`schema_name = ${schema} and relation_name = ${identifier}`
    // What was said of a table that is gone would keep files from being loaded into this one.
    await session.query(sql`
      delete from estimand.loaded_files
      where ${isConcerned}
        and (${loaded.holds === 'these'} or relation_oid <> ${regclass(relation)})`)
    // A file that comes once more is held since it first came: increments on the table hang on when it was replaced.
    await session.query(sql`
      insert into estimand.loaded_files (
        schema_name, relation_name, file, relation_oid, load, size_bytes, version, checksum, row_count,
        bad_row_count, run_id, loaded_at
      )
      select
        ${schema}, ${identifier}, file, ${regclass(relation)}, ${loaded.load}, "sizeBytes", version, checksum, rows,
        "badRows", ${runId}, ${at.toISOString()}
      from jsonb_to_recordset(${JSON.stringify(loaded.files)}::jsonb) as loaded (
        file text, "sizeBytes" bigint, version text, checksum text, rows bigint, "badRows" bigint
      )
      on conflict (schema_name, relation_name, file) do update
      set relation_oid = excluded.relation_oid,
          load = excluded.load,
          size_bytes = excluded.size_bytes,
          version = excluded.version,
          checksum = excluded.checksum,
          row_count = excluded.row_count,
          bad_row_count = excluded.bad_row_count,
          run_id = excluded.run_id`)
  }
}

function regclass({ schema, identifier }: Relation) {
  return sql`(
    select c.oid
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${identifier}
  )`
}
