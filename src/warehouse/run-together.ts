import { setImmediate } from 'node:timers/promises'
import type { PgSession } from './pg-session.ts'
import { ServerError } from './server-error.ts'
import type { SQLQuery } from './sql.ts'

/*
 * Small statements that are wanted at the same time and have nothing to do with each other, such as the views that a
 * run can build now: each takes the server less time than the way there and back. They go out together, as one
 * transaction, and each succeeds or fails for itself: when one fails, all of them are sent once more, alone.
 *
 *   asked for ──a session is free──▶ sent with the others ──▶ done
 *                                        └──one of them failed──▶ sent alone ──▶ done | failed
 */

/** Runs a statement without values whose rows nobody wants, together with others. */
export type RunTogether = (statement: SQLQuery) => Promise<void>

interface Asked {
  readonly statement: SQLQuery
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** How many go out together: enough to hide the way there and back, few enough to spread over the sessions. */
export const mostTogether = 24

/** How many sessions they take. More would bring nothing: to prepare such a statement takes as long as to run it. */
export const sessionsTogether = 2

/** Makes a runner over sessions that `use` lends. */
export function makeRunTogether(
  use: (body: (session: PgSession) => Promise<void>) => Promise<void>,
): RunTogether {
  const asked: Asked[] = []
  let sessions = 0

  const sendAll = async (session: PgSession): Promise<void> => {
    // Whoever asks in the same moment comes along.
    await setImmediate()
    let tell = (): void => {}
    while (asked.length > 0) {
      const group = asked.splice(0, mostTogether)
      const running = runGroup(session, group)
      // What those do who are told now, they do while the server is at work.
      tell()
      tell = await running
    }
    tell()
  }
  const work = async (): Promise<void> => {
    sessions++
    try {
      await use(sendAll)
    } catch (error) {
      // There is no session, so nobody will be served.
      for (const { reject } of asked.splice(0)) reject(error)
    } finally {
      sessions--
      // Asked while the session was given back.
      workIfNeeded()
    }
  }
  const workIfNeeded = (): void => {
    if (sessions < sessionsTogether && asked.length > sessions * mostTogether) void work()
  }
  return (statement) =>
    new Promise((resolve, reject) => {
      asked.push({ statement, resolve, reject })
      workIfNeeded()
    })
}

/** Runs the statements; returns what tells those who asked. */
async function runGroup(session: PgSession, group: readonly Asked[]): Promise<() => void> {
  try {
    await session.runAllOrNothing(group.map(({ statement }) => statement))
    return () => {
      for (const { resolve } of group) resolve()
    }
  } catch (error) {
    const isOfOne = error instanceof ServerError && error.failure.kind !== 'cancelled'
    const ends = await Promise.allSettled(
      group.map(({ statement }) => (isOfOne ? session.query(statement) : Promise.reject(error))),
    )
    return () => {
      for (const [index, end] of ends.entries()) {
        if (end.status === 'fulfilled') group[index]!.resolve()
        else group[index]!.reject(end.reason)
      }
    }
  }
}
