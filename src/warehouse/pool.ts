import type { PgSession } from './pg-session.ts'
import type { Session } from './session.ts'

/** A fixed number of sessions, opened when first needed and replaced when their connection broke. */
export interface Pool {
  use<T>(body: (session: Session) => Promise<T>): Promise<T>
  /** Marks the lent sessions as cancelled and returns them. */
  cancel(): readonly PgSession[]
  close(): Promise<void>
}

export function makePool(size: number, open: () => Promise<PgSession>): Pool {
  const idle: PgSession[] = []
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
    cancel() {
      for (const session of lent) session.cancel()
      return [...lent]
    },
    async close() {
      closed = true
      // Holding every slot means that nobody works any more.
      await Promise.all(Array.from({ length: size }, takeSlot))
      await Promise.all(idle.splice(0).map((session) => session.close()))
    },
  }
}
