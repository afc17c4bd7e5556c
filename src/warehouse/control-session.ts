import type { Relation } from '../core/node.ts'
import type { CopySink } from './copy/copy-sink.ts'
import type { CopyRows } from './copy/copy-source.ts'
import type { CopyInFormat, CopyOutFormat } from './copy/copy-text.ts'
import type { PgSession } from './pg-session.ts'
import type { QueryResult, Session, TableResult } from './session.ts'
import type { SQLQuery } from './sql.ts'

/*
 * The reserved session of a warehouse. It lasts as long as the warehouse does, and its connection may not: one that
 * is lost is replaced when the session is used next. What hung on the old connection, such as advisory locks and
 * temporary tables, is gone then; `processId` tells that it is another. Within a transaction nothing is replaced.
 */

export interface ControlSession extends Session {
  /** Calls back when the connection is lost; returns what takes that back. */
  onLost(listener: () => void): () => void
}

/** A control session with what only its warehouse may do. */
export interface OwnedControlSession extends ControlSession {
  close(): Promise<void>
}

/** Makes a session that opens a connection again when it was lost. */
export function makeControlSession(first: PgSession, open: () => Promise<PgSession>): OwnedControlSession {
  const listeners = new Set<() => void>()
  let session = first
  let opening: Promise<PgSession> | undefined
  let transactions = 0
  let closed = false

  const watch = (watched: PgSession): void => {
    watched.whenLost(() => {
      if (!closed && watched === session) for (const listener of listeners) listener()
    })
  }
  const reopen = async (): Promise<PgSession> => {
    const lost = session
    session = await open()
    watch(session)
    await lost.close()
    return session
  }
  const usable = async (): Promise<PgSession> => {
    if (session.isUsable() || transactions > 0 || closed) return session
    opening ??= reopen().finally(() => {
      opening = undefined
    })
    return opening
  }
  watch(first)

  return {
    get processId() {
      return session.processId
    },
    query: async <Row>(query: SQLQuery): Promise<QueryResult<Row>> => (await usable()).query<Row>(query),
    queryTable: async (query: SQLQuery): Promise<TableResult> => (await usable()).queryTable(query),
    runAll: async (statements) => (await usable()).runAll(statements),
    async transaction(body) {
      const on = await usable()
      transactions++
      try {
        return await on.transaction(body)
      } finally {
        transactions--
      }
    },
    copyIn: (relation: Relation, columns: readonly string[], format: CopyInFormat): CopySink =>
      session.copyIn(relation, columns, format),
    copyOut: (query: SQLQuery, format: CopyOutFormat): CopyRows => session.copyOut(query, format),
    onLost(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async close() {
      closed = true
      await opening?.catch(() => {})
      await session.close()
    },
  }
}
