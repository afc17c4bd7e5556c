import type pg from 'pg'
import pgCopy from 'pg-copy-streams'
import type { Relation } from '../core/node.ts'
import { cancelledError } from './cancelled.ts'
import { type CopySink, makeCopySink } from './copy/copy-sink.ts'
import { type CopyRows, makeCopySource } from './copy/copy-source.ts'
import { type CopyInFormat, type CopyOutFormat, copyInText, copyOutText } from './copy/copy-text.ts'
import { type NoticeMessage, skippedLineOf } from './copy/skipped-line.ts'
import { digitsOf, rowTypes, typeNameOf } from './row-types.ts'
import { isLost, statementError } from './server-error.ts'
import type { QueryResult, Session, TableResult } from './session.ts'
import { type SQLQuery, sql } from './sql.ts'
import { sqlText } from './sql-text.ts'
import { BatchFailure, makeStatementBatch } from './statement-batch.ts'

/** How many statements go out together; more would bring nothing, and hold up a cancel. */
const batchSize = 200

/** A COPY that is under way on a session. */
interface RunningCopy {
  readonly abort: (reason: Error) => Promise<void>
}

/** A session over a connected client, with what only its pool may do. */
export class PgSession implements Session {
  readonly processId: number
  private readonly client: pg.Client
  /** The server's name, for messages. */
  private readonly server: string
  /** Why the connection cannot be used any more. */
  private lost: Error | undefined
  private cancelled = false
  private inTransaction = false
  private copy: RunningCopy | undefined
  /** Statements sent or waiting. */
  private pending = 0
  private tail: Promise<unknown> = Promise.resolve()
  private readonly lostListeners: (() => void)[] = []
  /** How long a statement may take where nobody says; 0 is without a limit. */
  private readonly usualTimeoutMs: number
  private statementTimeoutMs: number

  constructor(client: pg.Client, server: string, usualTimeoutMs = 0) {
    this.client = client
    this.server = server
    this.usualTimeoutMs = usualTimeoutMs
    this.statementTimeoutMs = usualTimeoutMs
    this.processId = (client as unknown as { processID: number }).processID
    // An idle connection may break at any time; the next statement reports it.
    client.on('error', (error) => this.lose(error))
    client.on('end', () => this.lose(new Error('the server closed the connection')))
  }

  query<Row = Record<string, unknown>>(query: SQLQuery): Promise<QueryResult<Row>> {
    return this.inTurn(async () => {
      this.guard()
      const { rows, rowCount } = await this.send(query)
      return { rows: rows as Row[], rowCount: rowCount ?? 0 }
    })
  }

  queryTable(query: SQLQuery): Promise<TableResult> {
    return this.inTurn(async () => {
      this.guard()
      const { rows, rowCount, fields, command } = await this.send(query, { rowMode: 'array' })
      const columns = fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
        name,
        type: typeNameOf(dataTypeID),
        ...digitsOf(dataTypeID, dataTypeModifier),
      }))
      return { columns, rows: rows as unknown[][], rowCount: rowCount ?? 0, command: command ?? '' }
    })
  }

  async runAll(statements: readonly SQLQuery[]): Promise<void> {
    if (!this.inTransaction) throw new Error('statements run together only within a transaction')
    const texts = statements.map(textWithoutValues)
    for (let from = 0; from < texts.length; from += batchSize)
      await this.sendBatch(texts.slice(from, from + batchSize))
  }

  /** Runs a few statements as one transaction, which begins and ends with them. */
  async runAllOrNothing(statements: readonly SQLQuery[]): Promise<void> {
    if (this.inTransaction) throw new Error('transactions do not nest')
    try {
      await this.sendBatch(['begin', ...statements.map(textWithoutValues), 'commit'])
    } catch (error) {
      await this.rollback()
      throw error
    }
  }

  async transaction<T>(body: () => Promise<T>): Promise<T> {
    if (this.inTransaction) throw new Error('transactions do not nest')
    await this.query(sql`begin`)
    this.inTransaction = true
    try {
      const value = await body()
      await this.commit()
      return value
    } catch (error) {
      await this.copy?.abort(new Error('rolled back'))
      await this.rollback()
      throw error
    } finally {
      this.inTransaction = false
    }
  }

  copyIn(relation: Relation, columns: readonly string[], format: CopyInFormat): CopySink {
    this.guard()
    const text = copyInText(relation, columns, format)
    const skippedLines: number[] = []
    const onNotice = (notice: NoticeMessage) => skippedLines.push(...skippedLineOf(notice))
    if (format.format === 'csv' && format.skipInvalid) this.client.on('notice', onNotice)
    const translate = (error: unknown) => this.translate(error, text)
    const sink = makeCopySink(this.client.query(pgCopy.from(text)), translate, skippedLines)
    this.copy = sink
    const over = () => {
      this.client.off('notice', onNotice)
      if (this.copy === sink) this.copy = undefined
    }
    sink.settled.then(over, over)
    return sink
  }

  copyOut(query: SQLQuery, format: CopyOutFormat): CopyRows {
    this.guard()
    const text = copyOutText(query, format)
    const source = makeCopySource(this.client.query(pgCopy.to(text)), (error) => this.translate(error, text))
    const over = source.settled.then((whole) => {
      this.copy = undefined
      // The rest of the rows is still on its way and cannot be called off: the connection goes.
      if (!whole) this.drop(new Error('a COPY was left in the middle'))
    })
    const abort = (reason: Error) => {
      source.readable.destroy(reason)
      return over
    }
    this.copy = { abort }
    return source.readable
  }

  /** False once the connection is gone. */
  isUsable(): boolean {
    return this.lost === undefined
  }

  /** Calls back when the connection is lost or closed. */
  whenLost(listener: () => void): void {
    this.lostListeners.push(listener)
  }

  /** Lets no statement run longer than that, or than usual. Asks the server only when that is something new. */
  async limitStatements(timeoutMs = this.usualTimeoutMs): Promise<void> {
    if (timeoutMs === this.statementTimeoutMs) return
    await this.query(sql`select set_config('statement_timeout', ${String(timeoutMs)}, false)`)
    this.statementTimeoutMs = timeoutMs
  }

  /** Whether the server has something of ours to do. */
  isBusy(): boolean {
    return this.isUsable() && (this.pending > 0 || this.copy !== undefined)
  }

  /** Makes every further statement fail, except ROLLBACK, until `release`. */
  cancel(): void {
    this.cancelled = true
    void this.copy?.abort(new Error('cancelled'))
  }

  /** Makes the session fit for the next borrower. */
  async release(): Promise<void> {
    await this.copy?.abort(new Error('the session was given back during a COPY'))
    await this.tail
    this.cancelled = false
    if (this.client.getTransactionStatus() !== 'I') await this.rollback()
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {})
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.pending++
    const turn = this.tail.then(work).finally(() => this.pending--)
    this.tail = turn.catch(() => {})
    return turn
  }

  private guard(): void {
    if (this.cancelled) throw cancelledError()
    if (this.lost) throw this.lost
    if (this.copy) throw new Error('a COPY is under way on this session')
  }

  /** The extended protocol takes one statement per message, with or without values. */
  private async send(query: SQLQuery, more: object = {}): Promise<pg.QueryResult> {
    const { text, values } = sqlText(query)
    const message = { text, values: [...values], types: rowTypes, queryMode: 'extended', ...more }
    try {
      return await this.client.query(message)
    } catch (error) {
      throw this.translate(error, text)
    }
  }

  private sendBatch(texts: readonly string[]): Promise<void> {
    return this.inTurn(async () => {
      this.guard()
      try {
        await this.client.query(makeStatementBatch(texts)).done
      } catch (error) {
        if (!(error instanceof BatchFailure)) throw error
        throw this.translate(error.cause, error.text)
      }
    })
  }

  /** A COMMIT of a failed transaction succeeds as a ROLLBACK; that must not look like success. */
  private commit(): Promise<void> {
    return this.inTurn(async () => {
      this.guard()
      const { command } = await this.send(sql`commit`)
      if (command !== 'COMMIT') throw new Error('a statement of the transaction had failed')
    })
  }

  /** Allowed after a cancel; without a connection the server rolls back by itself. */
  private async rollback(): Promise<void> {
    if (this.isUsable()) await this.inTurn(() => this.send(sql`rollback`)).catch(() => {})
  }

  private translate(error: unknown, text: string): Error {
    const reason = statementError(error, text, this.server)
    if (isLost(reason)) this.lose(reason)
    return this.cancelled ? cancelledError(reason) : reason
  }

  private lose(error: Error): void {
    if (this.lost) return
    this.lost = statementError(error, '', this.server)
    for (const listener of this.lostListeners) listener()
  }

  private drop(reason: Error): void {
    this.lose(reason)
    dropConnection(this.client)
  }
}

function textWithoutValues(statement: SQLQuery): string {
  const { text, values } = sqlText(statement)
  if (values.length > 0) throw new Error('statements that run together take no values')
  return text
}

/** Closes a connection without a word to the server; pg offers only the polite way, which waits for an answer. */
export function dropConnection(client: pg.Client): void {
  ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
}
