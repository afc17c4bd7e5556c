import type { PgSession } from './pg-session.ts'
import type { Session } from './session.ts'

/** What holds for a session as long as it is lent. */
export interface SessionSettings {
  /** How long a statement may take; without it, as long as the options of the connection say. */
  readonly statementTimeoutMs?: number
}

/** What is done with a session before it is lent for the first time. */
export type PrepareSession = (session: Session) => Promise<void>

/** A fixed number of sessions, opened when first needed and replaced when their connection broke. */
export interface Pool {
  use<T>(body: (session: PgSession) => Promise<T>, settings?: SessionSettings): Promise<T>
  /** Has the body work on every session that is open and idle. */
  useIdle(body: (session: PgSession) => Promise<void>): Promise<void>
  /** Prepares every session from now on, those that are open already when they are lent next. */
  prepare(prepare: PrepareSession | null): void
  /** The backends of sessions whose connection was lost. */
  lostProcesses(): readonly number[]
  /** Begins to open as many sessions as will be needed at once, so that they are there by then. */
  warmUp(count: number): void
  /** Marks the lent sessions as cancelled and returns them. */
  cancel(): readonly PgSession[]
  close(): Promise<void>
}

export function makePool(size: number, open: () => Promise<PgSession>): Pool {
  const idle: PgSession[] = []
  const opening: Promise<PgSession>[] = []
  const lent = new Set<PgSession>()
  const waiting: (() => void)[] = []
  const prepared = new WeakMap<PgSession, PrepareSession>()
  const lost: number[] = []
  let prepare: PrepareSession | null = null
  let taken = 0
  let closed = false

  const takeSlot = async () => {
    if (taken < size) taken++
    // The slot is handed over as it is: `taken` does not change.
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }

  const freeSlot = () => {
    const next = waiting.shift()
    if (next) next()
    else taken--
  }

  const take = async () => {
    for (let session = idle.pop(); session; session = idle.pop()) {
      if (session.isUsable()) return session
    }
    for (let next = opening.shift(); next; next = opening.shift()) {
      // What kept it from opening may be over by now; if not, opening one says so.
      const session = await next.catch(() => undefined)
      if (session?.isUsable()) return session
    }
    return open()
  }

  const makeReady = async (session: PgSession, settings: SessionSettings) => {
    await session.limitStatements(settings.statementTimeoutMs)
    if (!prepare || prepared.get(session) === prepare) return
    const current = prepare
    await current(session)
    prepared.set(session, current)
  }

  const giveBack = async (session: PgSession) => {
    await session.release()
    if (session.isUsable() && !closed) {
      idle.push(session)
      return
    }
    if (!session.isUsable()) lost.push(session.processId)
    await session.close()
  }

  const use: Pool['use'] = async (body, settings = {}) => {
    if (closed) throw new Error('the warehouse is closed')
    await takeSlot()
    try {
      const session = await take()
      lent.add(session)
      try {
        await makeReady(session, settings)
        return await body(session)
      } finally {
        lent.delete(session)
        await giveBack(session)
      }
    } finally {
      freeSlot()
    }
  }

  return {
    use,
    async useIdle(body) {
      // None is given back before all are taken: that takes the server's answer.
      await Promise.all(idle.map(() => use(body)))
    },
    warmUp(count) {
      const missing = Math.min(count, size) - idle.length - lent.size - opening.length
      for (let n = 0; n < missing; n++) {
        const session = open()
        session.catch(() => {})
        opening.push(session)
      }
    },
    lostProcesses: () => lost,
    prepare(next) {
      prepare = next
    },
    cancel() {
      for (const session of lent) session.cancel()
      return [...lent]
    },
    async close() {
      closed = true
      // Holding every slot means that nobody works any more.
      await Promise.all(Array.from({ length: size }, takeSlot))
      await Promise.all(idle.splice(0).map((session) => session.close()))
      const opened = await Promise.allSettled(opening.splice(0))
      await Promise.all(
        opened.map((session) => (session.status === 'fulfilled' ? session.value.close() : undefined)),
      )
    },
  }
}
