import type { Readable } from 'node:stream'
import type pg from 'pg'
import pgCopy from 'pg-copy-streams'
import type { Relation } from '../core/node.ts'
import { cancelledError } from './cancelled.ts'
import { type CopySink, makeCopySink } from './copy/copy-sink.ts'
import { makeCopySource } from './copy/copy-source.ts'
import { type CopyInFormat, type CopyOutFormat, copyInText, copyOutText } from './copy/copy-text.ts'
import { rowTypes } from './row-types.ts'
import { isLost, statementError } from './server-error.ts'
import { type SQLQuery, sql } from './sql.ts'
import { sqlText } from './sql-text.ts'

export interface QueryResult<Row> {
  readonly rows: Row[]
  /** Rows returned or changed. */
  readonly rowCount: number
}

/** One connection. Statements run one after the other, each in a message of its own. */
export interface Session {
  /** Runs one statement; a text with several is refused by the server. */
  query<Row = Record<string, unknown>>(query: SQLQuery): Promise<QueryResult<Row>>
  /** Runs the body between BEGIN and COMMIT; rolls back when it throws. Transactions do not nest. */
  transaction<T>(body: () => Promise<T>): Promise<T>
  /** Starts COPY … FROM STDIN; nothing else may run on the session until the sink is finished or aborted. */
  copyIn(relation: Relation, columns: readonly string[], format: CopyInFormat): CopySink
  /** Starts COPY (query) TO STDOUT; the query takes no parameters. */
  copyOut(query: SQLQuery, format: CopyOutFormat): Readable
  /** The process id of the backend, as in pg_stat_activity. */
  readonly processId: number
}

/** A session with what only its pool may do. */
export interface OwnedSession extends Session {
  /** False once the connection is gone. */
  readonly usable: () => boolean
  /** Makes every further statement fail except ROLLBACK, until `release`. */
  readonly cancel: () => void
  readonly release: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Closes a connection without a word to the server; pg offers only the polite way, which waits for an answer. */
export function dropConnection(client: pg.Client): void {
  ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
}

/** Wraps a connected client. */
export function makeSession(client: pg.Client, server: string): OwnedSession {
  let lost: Error | undefined
  let cancelled = false
  let inTransaction = false
  let copy: { readonly abort: (reason: Error) => Promise<void> } | undefined
  let tail: Promise<unknown> = Promise.resolve()

  // An idle connection may break at any time; the next statement reports it.
  client.on('error', (error) => {
    lost ??= statementError(error, '', server)
  })
  client.on('end', () => {
    lost ??= statementError(new Error('the server closed the connection'), '', server)
  })

  const translate = (error: unknown, text: string) => {
    const reason = statementError(error, text, server)
    if (isLost(reason)) lost ??= reason
    return cancelled ? cancelledError(reason) : reason
  }

  const drop = () => {
    lost ??= statementError(new Error('a COPY was left in the middle'), '', server)
    dropConnection(client)
  }

  const send = async <Row>(query: SQLQuery): Promise<QueryResult<Row>> => {
    const { text, values } = sqlText(query)
    if (lost) throw lost
    try {
      // The extended protocol takes one statement per message, with or without values.
      const message = { text, values: [...values], types: rowTypes, queryMode: 'extended' }
      const result = await client.query(message)
      return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 }
    } catch (error) {
      throw translate(error, text)
    }
  }

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work, work)
    tail = turn.catch(() => {})
    return turn
  }

  const guard = () => {
    if (cancelled) throw cancelledError()
    if (copy) throw new Error('a COPY is under way on this session')
  }

  const query = <Row>(statement: SQLQuery) =>
    inTurn(async () => {
      guard()
      return send<Row>(statement)
    })

  const usable = () => lost === undefined

  const rollback = () => inTurn(() => send(sql`rollback`))

  const transaction = async <T>(body: () => Promise<T>): Promise<T> => {
    if (inTransaction) throw new Error('transactions do not nest')
    await query(sql`begin`)
    inTransaction = true
    try {
      const value = await body()
      await commit()
      return value
    } catch (error) {
      await copy?.abort(new Error('rolled back'))
      if (!lost) await rollback().catch(() => {})
      throw error
    } finally {
      inTransaction = false
    }
  }

  // A COMMIT of a failed transaction succeeds as a ROLLBACK; that must not look like success.
  const commit = () =>
    inTurn(async () => {
      guard()
      const { text } = sqlText(sql`commit`)
      if (lost) throw lost
      const result = await client.query({ text, queryMode: 'extended' } as pg.QueryConfig).catch((error) => {
        throw statementError(error, text, server)
      })
      if (result.command !== 'COMMIT') throw new Error('a statement of the transaction had failed')
    })

  return {
    query,
    transaction,
    processId: (client as unknown as { processID: number }).processID,
    copyIn(relation, columns, format) {
      guard()
      if (lost) throw lost
      const text = copyInText(relation, columns, format)
      const sink = makeCopySink(client.query(pgCopy.from(text)), (error) => translate(error, text))
      copy = sink
      const over = () => {
        if (copy === sink) copy = undefined
      }
      sink.settled.then(over, over)
      return sink
    },
    copyOut(statement, format) {
      guard()
      if (lost) throw lost
      const text = copyOutText(statement, format)
      const source = makeCopySource(client.query(pgCopy.to(text)), (error) => translate(error, text))
      const abort = async (reason: Error) => {
        source.readable.destroy(reason)
        await source.settled
      }
      copy = { abort }
      source.settled.then((whole) => {
        copy = undefined
        // The rest of the rows is still on its way and cannot be called off: the connection goes.
        if (!whole) drop()
      })
      return source.readable
    },
    usable,
    cancel() {
      cancelled = true
      void copy?.abort(new Error('cancelled'))
    },
    async release() {
      if (copy) await copy.abort(new Error('the session was given back during a COPY'))
      cancelled = false
      if (usable() && client.getTransactionStatus() !== 'I') await rollback().catch(() => {})
    },
    close: () => client.end().catch(() => {}),
  }
}
