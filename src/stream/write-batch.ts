import type { LoadTable } from '../core/load-spec.ts'
import type { Relation } from '../core/node.ts'
import { movePositions } from '../store/index.ts'
import { ServerError, type Session, sql } from '../warehouse/index.ts'
import { escaped } from './column-text.ts'
import { type Batch, countedChanges, type DeadLetter, type GatheredRow } from './gathered.ts'
import { fromMicros } from './time-text.ts'

/*
 * The one transaction in which rows, dead letters and positions change together. A crash before its commit leaves
 * nothing of it, one after leaves all; the reader that comes next goes on from the positions that stand.
 */

/** Where a stream's rows and dead letters go. */
export interface StreamTables {
  readonly rows: LoadTable
  /** Null where bad messages are not kept. */
  readonly deadLetters: LoadTable | null
}

/** Another reader has taken over a partition of the batch: nothing of the batch has been written. */
export class Displaced extends Error {
  constructor() {
    super('another reader has taken over')
    this.name = 'Displaced'
  }
}

/** What of a batch went where. */
export interface Written {
  readonly rows: number
  readonly deadLetters: number
}

/** Writes a batch, all of it or nothing. Rows that the server refuses become dead letters. */
export async function writeBatch(
  session: Session,
  tables: StreamTables,
  batch: Batch,
  now: Date,
): Promise<Written> {
  try {
    return await write(session, tables, batch, now, copyRows)
  } catch (error) {
    if (!isRowsFault(error)) throw error
    return write(session, tables, batch, now, copyWhatFits)
  }
}

type CopyRows = (
  session: Session,
  table: LoadTable,
  rows: readonly GatheredRow[],
) => Promise<readonly DeadLetter[]>

async function write(
  session: Session,
  tables: StreamTables,
  batch: Batch,
  now: Date,
  copy: CopyRows,
): Promise<Written> {
  const target = relationOf(tables.rows)
  return session.transaction(async () => {
    // What is read from texts must not depend on how the server or the role is set up.
    await session.query(sql`set local timezone to 'UTC'`)
    await session.query(sql`set local datestyle to 'ISO, YMD'`)
    const refused = batch.rows.length > 0 ? await copy(session, tables.rows, batch.rows) : []
    const isRefused = new Set(refused.map(({ message }) => message))
    const kept: Batch = {
      rows: refused.length === 0 ? batch.rows : batch.rows.filter(({ message }) => !isRefused.has(message)),
      deadLetters: [...batch.deadLetters, ...refused],
      changes: batch.changes,
    }
    if (tables.deadLetters && kept.deadLetters.length > 0)
      await copyLines(
        session,
        tables.deadLetters,
        kept.deadLetters.map((letter) => deadLine(letter, now)),
      )
    if (!(await movePositions(session, target, countedChanges(kept)))) throw new Displaced()
    return { rows: kept.rows.length, deadLetters: kept.deadLetters.length }
  })
}

const copyRows: CopyRows = async (session, table, rows) => {
  await copyLines(
    session,
    table,
    rows.map(({ line }) => line),
  )
  return []
}

/** Halves the rows until those that the server refuses stand alone: a few statements for each of them. */
const copyWhatFits: CopyRows = async (session, table, rows) => {
  const [only] = rows
  await session.query(sql`savepoint rows_fit`)
  try {
    await copyRows(session, table, rows)
    await session.query(sql`release savepoint rows_fit`)
    return []
  } catch (error) {
    if (!isRowsFault(error)) throw error
    await session.query(sql`rollback to savepoint rows_fit`)
    await session.query(sql`release savepoint rows_fit`)
    if (rows.length === 1) return [refusedBy(error as ServerError, only!)]
  }
  const half = Math.ceil(rows.length / 2)
  const first = await copyWhatFits(session, table, rows.slice(0, half))
  return [...first, ...(await copyWhatFits(session, table, rows.slice(half)))]
}

/** Data that a type or constraint does not take (22, 23), or a trigger that says no (P0). */
function isRowsFault(error: unknown): boolean {
  return error instanceof ServerError && /^(22|23|P0)/.test(error.failure.sqlstate ?? '')
}

function refusedBy({ failure }: ServerError, { message }: GatheredRow): DeadLetter {
  const column = failure.column ?? /, column ([^:]+):/.exec(failure.where ?? '')?.[1] ?? null
  const reason = failure.detail ? `${failure.message}: ${failure.detail}` : failure.message
  return { message, column, reason }
}

const chunkCharacters = 256 * 1024

async function copyLines(session: Session, table: LoadTable, lines: readonly string[]): Promise<void> {
  const columns = table.columns.map(({ name }) => name)
  const sink = session.copyIn(relationOf(table), columns, { format: 'text' })
  try {
    let chunk = ''
    for (const line of lines) {
      chunk += line
      chunk += '\n'
      if (chunk.length < chunkCharacters) continue
      await sink.write(Buffer.from(chunk))
      chunk = ''
    }
    if (chunk !== '') await sink.write(Buffer.from(chunk))
    await sink.finish()
  } catch (error) {
    await sink.abort(error as Error)
    throw error
  }
}

function deadLine({ message, column, reason }: DeadLetter, now: Date): string {
  const { topic, partition, offset, timestampMs, key, payload } = message
  const bytes = (value: Buffer | null): string => (value === null ? '\\N' : `\\\\x${value.toString('hex')}`)
  const values = [
    escaped(topic),
    String(partition),
    offset.toString(),
    timestampMs === null ? '\\N' : fromMicros(BigInt(timestampMs) * 1000n),
    bytes(key),
    bytes(payload),
    column === null ? '\\N' : escaped(column),
    escaped(reason.replaceAll('\u0000', '').replace(/[\ud800-\udfff]/gu, '�')),
    now.toISOString(),
  ]
  return values.join('\t')
}

function relationOf({ schema, name }: LoadTable): Relation {
  return { schema, identifier: name }
}
