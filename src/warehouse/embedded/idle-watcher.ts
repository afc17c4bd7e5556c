import { setTimeout as sleep } from 'node:timers/promises'
import { openSession } from '../open-session.ts'
import type { PgSession } from '../pg-session.ts'
import type { Session } from '../session.ts'
import { sql } from '../sql.ts'
import { connectionsOf, embeddedConnection, watcherName } from './attach.ts'
import { readPassword } from './cluster.ts'
import { homeFiles } from './home.ts'
import { findPostmaster, stopPostmaster } from './postmaster.ts'
import { withStartLock } from './start-lock.ts'

/*
 * A small process beside the embedded server, which stops it when nobody has been connected for a while:
 *
 *     node idle-watcher.js <.estimand> <data folder> <minutes>
 *
 * It holds one connection. That tells others that the server is watched, and when it breaks the
 * watcher ends. The stop is a smart one, under the start lock: PostgreSQL itself waits for whoever came
 * in at the last moment.
 */

/** The advisory lock that only one watcher gets. */
const watcherLock = 0x69_64_6c_65

interface Idleness {
  /** Sessions that there have ever been: changes when somebody came and went between two looks. */
  readonly sessions: number
  readonly others: number
}

async function look(session: Session): Promise<Idleness> {
  const { rows } = await session.query<{ sessions: number }>(
    sql`select coalesce(sum(sessions), 0)::int8 as sessions from pg_catalog.pg_stat_database`,
  )
  return { sessions: rows[0]!.sessions, others: (await connectionsOf(session)).length }
}

async function sleepWhileUsable(session: PgSession, durationMs: number): Promise<void> {
  for (const end = Date.now() + durationMs; Date.now() < end && session.isUsable(); ) {
    await sleep(Math.min(2_000, durationMs))
  }
}

async function waitUntilIdle(session: PgSession, idleMs: number): Promise<void> {
  let last = await look(session)
  for (let idleSince = Date.now(); Date.now() - idleSince < idleMs; ) {
    await sleepWhileUsable(session, Math.min(60_000, idleMs / 4))
    const now = await look(session)
    if (now.others > 0 || now.sessions !== last.sessions) idleSince = Date.now()
    last = now
  }
}

async function watch(dir: string, dataDir: string, minutes: number): Promise<void> {
  const postmaster = await findPostmaster(dataDir)
  const password = await readPassword({ dir })
  if (!postmaster || password === undefined) return
  const connection = embeddedConnection(postmaster.port, 'postgres', password)
  const { session } = await openSession(connection, { applicationName: watcherName })
  const { rows } = await session.query<{ only: boolean }>(
    sql`select pg_try_advisory_lock(${watcherLock}) as only`,
  )
  for (let only = rows[0]!.only; only; ) {
    await waitUntilIdle(session, minutes * 60_000)
    const stopped = await withStartLock(homeFiles.lock({ dir }), { onWait: () => {} }, async () => {
      if ((await look(session)).others > 0) return false
      await session.close()
      await stopPostmaster(postmaster.pid, 'smart', 10 * 60_000)
      return true
    })
    if (stopped) return
  }
  await session.close()
}

const [dir, dataDir, minutes] = process.argv.slice(2)
// Whatever goes wrong, the server stays as it is; there is nobody to tell.
watch(dir!, dataDir!, Number(minutes)).then(
  () => process.exit(0),
  () => process.exit(0),
)
