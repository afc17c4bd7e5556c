import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { openSession, type SessionOptions } from './open-session.ts'
import type { PgSession } from './pg-session.ts'
import { sql } from './sql.ts'

const askEveryMs = 100
const patienceMs = 10_000

/**
 * Has the server cancel what sessions are doing, over a connection of its own, so that it works whatever the
 * others are at. Asks again for those that are still busy: a statement that was on its way when the server was
 * asked for the first time would otherwise run on.
 */
export async function cancelSessions(
  connection: Connection,
  options: SessionOptions,
  sessions: readonly PgSession[],
): Promise<void> {
  if (!sessions.some((session) => session.isBusy())) return
  const { session: side } = await openSession(connection, options)
  try {
    for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(askEveryMs)) {
      const busy = sessions.filter((session) => session.isBusy()).map(({ processId }) => processId)
      if (busy.length === 0) return
      await side.query(sql`select pg_cancel_backend(pid) from unnest(${busy}::int[]) as pid`)
    }
  } finally {
    await side.close()
  }
}
