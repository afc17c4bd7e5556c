import { setTimeout as sleep } from 'node:timers/promises'
import { type Session, sql, unsafeSql } from '../../src/warehouse/index.ts'
import type { Rows } from './published-state.ts'

/*
 * Moments of a run, named by what the server does in them: the beginning and the end of each DDL statement, writes to
 * the store and to tables that stay, and the commit of a publication. Each is counted; at a chosen one the backend
 * waits for a lock of the test.
 */

/** The advisory lock at which backends wait; the test holds it. */
const barrier = 0x66_61_75_6c

const install = [
  'create schema faults',
  'create sequence faults.moments',
  'create table faults.pause (moment bigint, what text)',
  // The wait is not one of those that a lock_timeout of the run ends.
  `create function faults.pass(what text) returns void language plpgsql set lock_timeout = 0 as $$
  declare
    current bigint := nextval('faults.moments');
  begin
    if exists (select from faults.pause where pause.moment = current or pause.what = pass.what) then
      perform pg_advisory_xact_lock_shared(${barrier});
    end if;
  end $$`,
  `create function faults.on_ddl() returns event_trigger language plpgsql as $$
  begin
    perform faults.pass(concat(tg_event, ' ', tg_tag));
  end $$`,
  `create function faults.on_write() returns trigger language plpgsql as $$
  begin
    perform faults.pass(tg_name);
    return null;
  end $$`,
]

const listen = [
  'create event trigger faults_start on ddl_command_start execute function faults.on_ddl()',
  'create event trigger faults_end on ddl_command_end execute function faults.on_ddl()',
]

/** Tables whose rows change: those of the store, and of what grows. */
const tablesThatGrow = ['slots', 'log', 'years', 'spans', 'item_history']

/** Has the server count moments; the project has been run once. */
export async function installMoments(rows: Rows, schema: string): Promise<void> {
  for (const statement of install) await rows(unsafeSql(statement))
  const tables = await rows(sql`
    select format('%I.%I', schemaname, tablename) as name
    from pg_catalog.pg_tables
    where schemaname = 'estimand' and tablename <> 'migrations'
      or schemaname = ${schema} and tablename = any(${tablesThatGrow}::text[])`)
  for (const { name } of tables as { name: string }[]) {
    for (const when of ['before', 'after'])
      await rows(
        unsafeSql(
          `create trigger faults_${when} ${when} insert or update or delete on ${name} for each statement execute function faults.on_write()`,
        ),
      )
  }
  await rows(
    unsafeSql(`create constraint trigger faults_commit after insert or update on estimand.publications
      deferrable initially deferred for each row when (new.relation_name = 'totals')
      execute function faults.on_write()`),
  )
  for (const statement of listen) await rows(unsafeSql(statement))
}

/** How many moments there have been since the last call. */
export async function countMoments(rows: Rows): Promise<number> {
  const [row] = await rows(
    sql`select (last_value - case when is_called then 0 else 1 end)::int as n from faults.moments`,
  )
  await rows(sql`select setval('faults.moments', 1, false)`)
  return row!['n'] as number
}

/** The moment of a publication's commit, when everything but the commit has been done. */
export const commitMoment = 'faults_commit'

/** A moment by its number since the barrier was armed, or by what the server does. */
export type Moment = { readonly moment: number } | { readonly what: string }

/** Holds backends at a moment. */
export interface Barrier {
  /** Counts from 1 again, and has the backend wait that comes to this moment. */
  readonly arm: (moment: Moment) => Promise<void>
  /** Waits until a backend waits and returns its process; null when that is over before. */
  readonly paused: (over: () => boolean) => Promise<number | null>
  /** Lets it go on, and all that come after. */
  readonly release: () => Promise<void>
}

/** A barrier held by a session that nobody else uses. */
export function makeBarrier(session: Session): Barrier {
  const rows: Rows = async (query) => (await session.query(query)).rows
  const look = async (): Promise<number | null> => {
    const [found] = await rows(sql`
      select a.pid
      from pg_catalog.pg_locks l
      join pg_catalog.pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.objid = ${barrier} and not l.granted
        and a.datname = current_database()`)
    return found ? (found['pid'] as number) : null
  }
  return {
    arm: async (moment) => {
      await rows(sql`delete from faults.pause`)
      const { moment: number = null, what = null } = { ...moment } as { moment?: number; what?: string }
      await rows(sql`insert into faults.pause values (${number}, ${what})`)
      await countMoments(rows)
      await rows(sql`select pg_advisory_lock(${barrier})`)
    },
    paused: async (over) => {
      for (;;) {
        const isOver = over()
        const found = await look()
        if (found !== null || isOver) return found
        await sleep(10)
      }
    },
    release: async () => {
      await rows(sql`delete from faults.pause`)
      await rows(sql`select pg_advisory_unlock_all()`)
    },
  }
}
