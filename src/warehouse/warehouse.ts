import type { Target } from '../core/manifest.ts'
import { cancelSessions } from './cancel-sessions.ts'
import { throwIfCancelled } from './cancelled.ts'
import type { Connection } from './connection.ts'
import { type ControlSession, makeControlSession } from './control-session.ts'
import { openSession, type SessionOptions } from './open-session.ts'
import { makePool, type PrepareSession, type SessionSettings } from './pool.ts'
import { makeRunTogether } from './run-together.ts'
import type { QueryResult, Session } from './session.ts'
import { type SQLQuery, sql } from './sql.ts'

export type { Connection } from './connection.ts'
export type { ControlSession } from './control-session.ts'
export type { CopySink } from './copy/copy-sink.ts'
export type { CopyInFormat, CopyOutFormat } from './copy/copy-text.ts'
export type { PrepareSession, SessionSettings } from './pool.ts'
export type { QueryResult, Session } from './session.ts'
export { sqlLiteral, unsafeSql } from './sql-text.ts'

/** A database that we are connected to: as many sessions as threads, and one more for control. */
export interface Warehouse {
  readonly target: Target
  /** As server_version_num: 180004. */
  readonly serverVersion: number
  readonly capabilities: { readonly citus: boolean }
  /** Runs one statement on any free session. */
  query<Row = Record<string, unknown>>(query: SQLQuery): Promise<QueryResult<Row>>
  /**
   * Runs a statement without values whose rows nobody wants, on any free session, together with others for which the
   * same is asked at the same time; each succeeds or fails for itself.
   */
  runTogether(statement: SQLQuery): Promise<void>
  /** Lends a session to the body and takes it back; waits when all are in use. */
  withSession<T>(body: (session: Session) => Promise<T>, settings?: SessionSettings): Promise<T>
  /** Says that so many sessions will be needed at once, soon: they are opened meanwhile. */
  warmUp(count: number): void
  /** The backends of lent sessions whose connection was lost: the server may not know that yet. */
  lostProcesses(): readonly number[]
  /** Has every session prepared before it is lent, from now on; null: not any more. */
  prepareSessions(prepare: PrepareSession | null): void
  /**
   * Has the server count what the idle sessions have done, which it would do some seconds later; false where it
   * cannot be asked to (before version 15).
   */
  countRows(): Promise<boolean>
  /** The reserved session, for one at a time: locks and small look-ups, nothing that takes long. */
  readonly control: ControlSession
  /** Cancels what every lent session is doing; their bodies fail with the problem `cancelled`. */
  cancelAll(): Promise<void>
  /** Waits for the lent sessions and closes all connections. */
  close(): Promise<void>
}

export interface ConnectOptions extends SessionOptions {
  /** Sessions besides the one for control. */
  readonly threads: number
  /** Aborting it gives up connecting and, later, cancels everything until the warehouse is closed. */
  readonly signal?: AbortSignal
}

/**
 * Once the signal is given, what runs is cancelled again and again. A cancel that reaches the server just before the
 * statement does is lost, and a session that is only being opened has nothing yet to cancel.
 */
const cancelEveryMs = 250

/** Whoever comes to a server that is full waits some seconds; nodes of a run are tried again as a whole. */
const triesWhenFull = 4

/** Connects and checks the server; throws a ProblemError that says what to do. */
export async function connectWarehouse(connection: Connection, options: ConnectOptions): Promise<Warehouse> {
  throwIfCancelled(options.signal)
  const first = await openSession(connection, { triesWhenFull, ...options })
  const { target } = connection
  // What cleans up after a cancel may still need a session.
  const { signal: _, ...lasting } = options
  const open = async () => (await openSession(connection, lasting)).session
  const control = makeControlSession(first.session, open)
  const pool = makePool(Math.max(1, options.threads), open)
  let cancelling: Promise<void> | undefined

  const warehouse: Warehouse = {
    target,
    serverVersion: first.serverVersion,
    capabilities: { citus: first.citus },
    control,
    query: (query) => pool.use((session) => session.query(query)),
    runTogether: makeRunTogether((body) => pool.use(body)),
    withSession: (body, settings) => pool.use(body, settings),
    warmUp: (count) => pool.warmUp(count),
    lostProcesses: () => pool.lostProcesses(),
    prepareSessions: (prepare) => pool.prepare(prepare),
    async countRows() {
      if (first.serverVersion < 150_000) return false
      await pool.useIdle(async (session) => {
        await session.query(sql`select pg_catalog.pg_stat_force_next_flush()`)
      })
      return true
    },
    cancelAll() {
      // Those that were lent in the meantime are cancelled by the one that is at it already.
      cancelling ??= cancelSessions({ connection, options: lasting, control }, () => pool.cancel()).finally(
        () => {
          cancelling = undefined
        },
      )
      return cancelling
    },
    async close() {
      options.signal?.removeEventListener('abort', onAbort)
      await pool.close()
      clearInterval(cancelTimer)
      // It looks again some time later, over a connection of its own, and finds nobody busy.
      await cancelling?.catch(() => {})
      await control.close()
    },
  }
  let cancelTimer: NodeJS.Timeout | undefined
  const cancel = () => void warehouse.cancelAll().catch(() => {})
  const onAbort = () => {
    cancel()
    cancelTimer = setInterval(cancel, cancelEveryMs)
  }
  options.signal?.addEventListener('abort', onAbort, { once: true })
  return warehouse
}

/** Connects, lends the warehouse to the body and closes it whatever happens. */
export async function withWarehouse<T>(
  connection: Connection,
  options: ConnectOptions,
  body: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  const warehouse = await connectWarehouse(connection, options)
  try {
    return await body(warehouse)
  } finally {
    await warehouse.close()
  }
}
