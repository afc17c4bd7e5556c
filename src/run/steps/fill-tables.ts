import type { LoadTable } from '../../core/load-spec.ts'
import type { LoadNode, Relation } from '../../core/node.ts'
import { joinLease } from '../../store/index.ts'
import {
  addPrimaryKey,
  analyzeRelation,
  binaryEnd,
  binaryHead,
  type CopySink,
  createTable,
  type Session,
  withWarehouse,
} from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'

/*
 * Filling new tables from the start to the end in one transaction for each. Rows that are copied into a table of the
 * same transaction are frozen: whoever reads them first need not look up, and note, that they were committed. On a
 * server that keeps no more log than it needs (`wal_level = minimal`, as ours), they are not logged either.
 */

export interface TableToFill {
  readonly table: LoadTable
  readonly build: Relation
}

interface OpenTable {
  readonly session: Session
  readonly sink: CopySink
  /** What has yet to go to the server. */
  tail: Promise<void>
}

/** Sends whole rows, in binary form, to a table by its place; resolves when more may come. */
export type SendRows = (table: number, bytes: Uint8Array) => Promise<void>

/** Makes tables, lets the body send their rows, and gives them keys and statistics; none is there if it fails. */
export async function withFilling(
  node: LoadNode,
  tables: readonly TableToFill[],
  { connection, lease, configOf, effects }: RunContext,
  body: (send: SendRows) => Promise<void>,
): Promise<void> {
  const { timeoutMs } = configOf(node.id)
  const options = {
    threads: tables.length,
    applicationName: 'estimand load',
    signal: effects.signal,
    ...(timeoutMs !== undefined && { statementTimeoutMs: timeoutMs }),
  }
  await withWarehouse(connection, options, async (warehouse) => {
    warehouse.prepareSessions((session) => joinLease(session, lease.token))
    const open: OpenTable[] = []
    const openNext = async ([first, ...others]: readonly TableToFill[]): Promise<void> => {
      if (!first) return fill(open, tables, body)
      await warehouse.withSession((session) =>
        session.transaction(async () => {
          open.push(await begin(session, first))
          await openNext(others)
        }),
      )
    }
    await openNext(tables)
  })
}

async function begin(session: Session, { table, build }: TableToFill): Promise<OpenTable> {
  const { columns, primaryKey } = table
  // A key added to columns that may hold nulls has the server look through all rows once more.
  await session.query(createTable(build, columns, { notNull: primaryKey }))
  const names = columns.map(({ name }) => name)
  const sink = session.copyIn(build, names, { format: 'binary', freeze: true })
  return { session, sink, tail: sink.write(binaryHead) }
}

async function fill(
  open: readonly OpenTable[],
  tables: readonly TableToFill[],
  body: (send: SendRows) => Promise<void>,
): Promise<void> {
  await body((place, bytes) => {
    const to = open[place]!
    to.tail = to.tail.then(() => to.sink.write(bytes))
    // Whoever sends hears of a failure; who comes after it must not be the only one.
    to.tail.catch(() => {})
    return to.tail
  })
  await Promise.all(tables.map((table, place) => finish(open[place]!, table)))
}

/** What a table gets when its rows are there: a key is built faster over all of them than row by row. */
async function finish({ session, sink, tail }: OpenTable, { table, build }: TableToFill): Promise<void> {
  await tail
  await sink.write(binaryEnd)
  await sink.finish()
  if (table.primaryKey.length > 0) await session.query(addPrimaryKey(build, table.primaryKey))
  await session.query(analyzeRelation(build))
}
