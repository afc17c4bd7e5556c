import type { PgSession } from './pg-session.ts'

/** A fixed number of sessions, opened when first needed and replaced when their connection broke. */
export interface Pool {
  use<T>(body: (session: PgSession) => Promise<T>): Promise<T>
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

  const giveBack = async (session: PgSession) => {
    await session.release()
    if (session.isUsable() && !closed) idle.push(session)
    else await session.close()
  }

  return {
    async use(body) {
      if (closed) throw new Error('the warehouse is closed')
      await takeSlot()
      try {
        const session = await take()
        lent.add(session)
        try {
          return await body(session)
        } finally {
          lent.delete(session)
          await giveBack(session)
        }
      } finally {
        freeSlot()
      }
    },
    warmUp(count) {
      const missing = Math.min(count, size) - idle.length - lent.size - opening.length
      for (let n = 0; n < missing; n++) {
        const session = open()
        session.catch(() => {})
        opening.push(session)
      }
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
