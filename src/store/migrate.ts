import { readdirSync, readFileSync } from 'node:fs'
import { type Session, sql, unsafeSql } from '../warehouse/index.ts'

/*
 * The store's schema changes by numbered SQL files, each applied once and in order, together with the row that
 * says so. Two commands that start at once are kept apart by a lock.
 */

const directory = new URL('./migrations/', import.meta.url)

/** Any number that no other program is likely to lock on; "estimand" in hexadecimal digits. */
const migrationLock = 0x65_73_74_69

/** Brings the schema `estimand` to the newest version. */
export async function migrateStore(session: Session): Promise<void> {
  if ((await appliedVersion(session)) >= latestVersion()) return
  await session.transaction(async () => {
    await session.query(sql`select pg_advisory_xact_lock(${migrationLock})`)
    await session.query(sql`create schema if not exists estimand`)
    await session.query(sql`
      create table if not exists estimand.migrations (
        version int primary key,
        name text not null,
        applied_at timestamptz not null default clock_timestamp()
      )`)
    const applied = await appliedVersion(session)
    for (const { version, name, text } of migrations()) {
      if (version <= applied) continue
      for (const statement of statementsOf(text)) await session.query(unsafeSql(statement))
      await session.query(sql`insert into estimand.migrations (version, name) values (${version}, ${name})`)
    }
  })
}

/** The migrations are our own: in them a semicolon at the end of a line always ends a statement. */
function statementsOf(text: string): string[] {
  return text.split(/;[ \t]*\n/).filter((statement) => statement.trim() !== '')
}

async function appliedVersion(session: Session): Promise<number> {
  const found = await session.query<{ present: boolean }>(
    sql`select to_regclass('estimand.migrations') is not null as present`,
  )
  if (!found.rows[0]?.present) return 0
  const { rows } = await session.query<{ version: number }>(
    sql`select coalesce(max(version), 0) as version from estimand.migrations`,
  )
  return rows[0]?.version ?? 0
}

function latestVersion(): number {
  return Math.max(...migrations().map(({ version }) => version))
}

function migrations(): { version: number; name: string; text: string }[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({
      version: Number.parseInt(name, 10),
      name: name.replace(/\.sql$/, ''),
      text: readFileSync(new URL(name, directory), 'utf8'),
    }))
}
