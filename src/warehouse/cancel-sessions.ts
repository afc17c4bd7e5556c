import { setTimeout as sleep } from 'node:timers/promises'
import type { Queryable } from './catalog.ts'
import type { Connection } from './connection.ts'
import { openSession, type SessionOptions } from './open-session.ts'
import type { PgSession } from './pg-session.ts'
import { sql } from './sql.ts'

const askEveryMs = 100
const patienceMs = 10_000

/** How the server is asked. */
export interface CancelWay {
  readonly connection: Connection
  readonly options: SessionOptions
  /** Asks where the server has no connection left for us. */
  readonly control: Queryable
}

/**
 * Has the server cancel what sessions are doing, over a connection of its own, so that it works whatever the
 * others are at. Asks again for those that are still busy: a statement that was on its way when the server was
 * asked for the first time would otherwise run on.
 */
export async function cancelSessions(
  { connection, options, control }: CancelWay,
  sessions: () => readonly PgSession[],
): Promise<void> {
  if (busyOf(sessions()).length === 0) return
  const side = await openSession(connection, options).then(
    ({ session }) => session,
    () => null,
  )
  try {
    for (const end = performance.now() + patienceMs; performance.now() < end; await sleep(askEveryMs)) {
      const busy = busyOf(sessions())
      if (busy.length === 0) return
      const on = side?.isUsable() ? side : control
      await on.query(sql`select pg_cancel_backend(pid) from unnest(${busy}::int[]) as pid`)
    }
  } finally {
    await side?.close()
  }
}

function busyOf(sessions: readonly PgSession[]): number[] {
  return sessions.filter((session) => session.isBusy()).map(({ processId }) => processId)
}
