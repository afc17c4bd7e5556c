import type { LoadTable } from '../../core/load-spec.ts'
import type { LoadNode, Relation } from '../../core/node.ts'
import { joinLease } from '../../store/index.ts'
import {
  addPrimaryKey,
  analyzeRelation,
  binaryEnd,
  binaryHead,
  type CopySink,
  commentedWarehouse,
  createTable,
  type Session,
  type SQLQuery,
  sql,
  type Warehouse,
  withWarehouse,
} from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'

/*
 * Filling new tables from the start to the end in one transaction for each. Rows that are copied into a table of the
 * same transaction are frozen: whoever reads them first need not look up, and note, that they were committed. On a
 * server that keeps no more log than it needs (`wal_level = minimal`, as ours), they are not logged either: a commit
 * waits until the tables are on the disk. So the server is told to have them written as they grow, and all commit at
 * once. With three million events, 330 MB, on two cores the commits take 0.2 s instead of 1.4.
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
  sizeBytes: number
}

/** Sends whole rows, in binary form, to a table by its place; resolves when more may come. */
export type SendRows = (table: number, bytes: Uint8Array) => Promise<void>

/** Makes tables, lets the body send their rows, and gives them keys and statistics; none is there if it fails. */
export async function withFilling(
  node: LoadNode,
  tables: readonly TableToFill[],
  { connection, lease, configOf, commentOf, effects }: RunContext,
  body: (send: SendRows) => Promise<void>,
): Promise<void> {
  const { timeoutMs } = configOf(node.id)
  const options = {
    threads: tables.length,
    applicationName: 'estimand load',
    signal: effects.signal,
    ...(timeoutMs !== undefined && { statementTimeoutMs: timeoutMs }),
  }
  await withWarehouse(connection, options, async (opened) => {
    const warehouse = commentedWarehouse(opened, commentOf(node.id, node.id))
    warehouse.prepareSessions((session) => joinLease(session, lease.token))
    await togetherOrNot(warehouse, tables, (open) => fill(open, tables, body))
  })
}

/** Begins all tables, each in a transaction of its own; when the work on them is done all are committed, or none. */
async function togetherOrNot(
  warehouse: Warehouse,
  tables: readonly TableToFill[],
  work: (open: readonly OpenTable[]) => Promise<void>,
): Promise<void> {
  let decide!: (work: Promise<void>) => void
  const worked = new Promise<void>((resolve) => {
    decide = resolve
  })
  // Who hears of a failure may still be beginning.
  worked.catch(() => {})
  const transactions = tables.map((table) => inTransaction(warehouse, table, worked))
  decide(Promise.all(transactions.map(({ begun }) => begun)).then(work))
  const ends = await Promise.allSettled(transactions.map(({ ended }) => ended))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** Begins a table in a transaction, which ends as the work on all tables does. */
function inTransaction(
  warehouse: Warehouse,
  table: TableToFill,
  worked: Promise<void>,
): { readonly begun: Promise<OpenTable>; readonly ended: Promise<void> } {
  let ended!: Promise<void>
  const begun = new Promise<OpenTable>((resolve, reject) => {
    ended = warehouse.withSession((session) =>
      session.transaction(async () => {
        resolve(await begin(session, table))
        await worked
      }),
    )
    ended.catch(reject)
  })
  return { begun, ended }
}

async function begin(session: Session, { table, build }: TableToFill): Promise<OpenTable> {
  const { columns, primaryKey } = table
  // A key added to columns that may hold nulls has the server look through all rows once more.
  await session.query(createTable(build, columns, { notNull: primaryKey }))
  // As many pages as the server can hand over at once; none where the system knows no such thing.
  await session.query(sql`
    select set_config(name, max_val, true) from pg_catalog.pg_settings where name = 'backend_flush_after'`)
  const names = columns.map(({ name }) => name)
  const sink = session.copyIn(build, names, { format: 'binary', freeze: true })
  return { session, sink, tail: sink.write(binaryHead), sizeBytes: 0 }
}

async function fill(
  open: readonly OpenTable[],
  tables: readonly TableToFill[],
  body: (send: SendRows) => Promise<void>,
): Promise<void> {
  await body((place, bytes) => {
    const to = open[place]!
    to.sizeBytes += bytes.length
    to.tail = to.tail.then(() => to.sink.write(bytes))
    // Whoever sends hears of a failure; who comes after it must not be the only one.
    to.tail.catch(() => {})
    return to.tail
  })
  const allBytes = open.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const ends = await Promise.allSettled(
    tables.map((table, place) => finish(open[place]!, table, open[place]!.sizeBytes / Math.max(1, allBytes))),
  )
  // Nothing is rolled back below a table whose key is still being made.
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** What a table gets when its rows are there: a key is built faster over all of them than row by row. */
async function finish(
  { session, sink, tail }: OpenTable,
  { table, build }: TableToFill,
  share: number,
): Promise<void> {
  await tail
  await sink.write(binaryEnd)
  await sink.finish()
  if (table.primaryKey.length > 0) {
    await session.query(shareWorkers(share))
    await session.query(addPrimaryKey(build, table.primaryKey))
  }
  await session.query(analyzeRelation(build))
}

/** Keys are made at the same time: a small one is not to take the helpers away from the one that all wait for. */
function shareWorkers(share: number): SQLQuery {
  return sql`
    select set_config(name, round(setting::int * ${share}::float8)::text, true)
    from pg_catalog.pg_settings where name = 'max_parallel_maintenance_workers'`
}
