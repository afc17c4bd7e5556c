import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { PostgresSpec } from '../../core/load-spec.ts'
import type { Relation } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import {
  type Connection,
  describeFailure,
  postgresConnection,
  type Queryable,
  relationIdent,
  ServerError,
  type Session,
  type SQLQuery,
  sql,
  sqlLiteral,
  unsafeSql,
  withWarehouse,
} from '../../warehouse/index.ts'
import { settleNotation } from '../export/export-query.ts'
import type { RunContext } from '../run-context.ts'
import type { SourceFile } from './file-source.ts'
import { loadProblem, type PostgresLoad } from './source-of.ts'

/*
 * Rows of another PostgreSQL, as the bytes of one file: what its COPY writes is what ours reads. They come out of one
 * snapshot, in a transaction that can change nothing, as fast as they are taken.
 */

/** How far a table is: the greatest value of the watermark in it, as text; null where there is none. */
export async function reached(
  { spec }: PostgresLoad,
  published: Relation,
  { warehouse }: RunContext,
): Promise<string | null> {
  if (spec.watermark === null) return null
  const { rows } = await warehouse.query<{ reached: string | null }>(sql`
    select max(${sql.ident(spec.watermark.column)})::text as reached from ${relationIdent(published)}`)
  return rows[0]!.reached
}

/** The rows that a load reads: all, or those beyond what was reached. */
export function postgresRows(node: PostgresLoad, since: string | null, context: RunContext): SourceFile {
  const connection = connectionOf(node, context)
  const { rowsOf } = node.spec
  const what = 'table' in rowsOf ? `${rowsOf.table.schema}.${rowsOf.table.identifier}` : 'query'
  const address = `${what} (database ${connection.target.database})`
  let under: { readonly bytes: PassThrough; readonly work: Promise<void> } | undefined
  return {
    address,
    version: '',
    open(signal) {
      const bytes = new PassThrough()
      const work = sendRows(bytes, { node, since, connection, context, signal }).catch((error: unknown) => {
        bytes.destroy(signal.aborted ? (signal.reason as Error) : sourceProblem(error, node, address))
      })
      under = { bytes, work }
      return bytes
    },
    async close() {
      under?.bytes.destroy()
      await under?.work
    },
  }
}

/** Where the rows come from. What the environment says of the target is not for another server. */
function connectionOf(node: PostgresLoad, { renderer }: RunContext): Connection {
  const url = String(renderer.renderValue(node.spec.url))
  try {
    return postgresConnection(
      { name: node.name, spec: { engine: 'postgres', schema: 'public', threads: 1, url } },
      {},
    )
  } catch {
    // What is wrong with it may be that its password reads like something else.
    throw loadProblem(
      node,
      "'url' gives no address of a database",
      'it reads postgresql://user:password@host:5432/database?sslmode=require; special characters are written as %XX',
    )
  }
}

interface Sending {
  readonly node: PostgresLoad
  readonly since: string | null
  readonly connection: Connection
  readonly context: RunContext
  readonly signal: AbortSignal
}

/** Writes the rows, and closes the connection. */
async function sendRows(
  bytes: PassThrough,
  { node, since, connection, context, signal }: Sending,
): Promise<void> {
  const { timeoutMs } = context.configOf(node.id)
  const options = {
    threads: 1,
    applicationName: `estimand load ${node.name}`,
    signal,
    ...(timeoutMs !== undefined && { statementTimeoutMs: timeoutMs }),
  }
  const { delimiter = ',', quote, nullText } = node.spec.dialect
  const query = rowsQuery(node, since, context)
  await withWarehouse(connection, options, (source) =>
    source.withSession((session) =>
      session.transaction(async () => {
        await session.query(sql`set transaction isolation level repeatable read, read only`)
        await settleNotation(session)
        await checkQuery(session, query)
        const rows = session.copyOut(query, { format: 'csv', delimiter, quote, nullText })
        await pipeline(rows, bytes).catch(async (error: unknown) => {
          // Who hangs up in the middle leaves the server at work until it has a row to send.
          if (!(error instanceof ServerError)) await cancelBackend(source.control, session.processId)
          throw error
        })
      }),
    ),
  )
}

/** Has the server end what it does for a connection that is not there any more. */
async function cancelBackend(control: Queryable, processId: number): Promise<void> {
  await control.query(sql`select pg_cancel_backend(${processId}::int)`).catch(() => {})
}

/** COPY would take several statements; this refuses them. */
async function checkQuery(session: Session, query: SQLQuery): Promise<void> {
  await session.query(sql`select from (${query}) as source limit 0`)
}

/** The columns in the order of the table to fill. */
function rowsQuery({ spec }: PostgresLoad, since: string | null, { renderer }: RunContext): SQLQuery {
  const { rowsOf, columns } = spec
  const values = columns.map(({ column, from }) => sql`${sql.ident('source', from)} as ${sql.ident(column)}`)
  const source =
    'table' in rowsOf
      ? relationIdent(rowsOf.table)
      : // A comment at its end ends with its line.
        unsafeSql(`(\n${String(renderer.renderValue(rowsOf.query)).replace(/;\s*$/, '')}\n)`)
  return sql`select ${sql.join(values, ', ')} from ${source} as source${newer(spec, since)}`
}

function newer({ watermark, columns, tables }: PostgresSpec, since: string | null): SQLQuery {
  if (watermark === null || since === null) return sql``
  const { from } = columns.find(({ column }) => column === watermark.column)!
  const { type } = tables[0]!.columns.find(({ name }) => name === watermark.column)!
  const reached = sql`${sqlLiteral(since)}::${unsafeSql(type)}`
  return sql` where ${sql.ident('source', from)} > ${reached}${before(watermark.lookback)}`
}

function before(lookback: string | number | null): SQLQuery {
  if (lookback === null) return sql``
  return typeof lookback === 'number'
    ? sql` - ${unsafeSql(String(lookback))}`
    : sql` - ${sqlLiteral(lookback)}::interval`
}

/** What the other server says, as a problem of the load; whether it may pass is told by the cause. */
function sourceProblem(error: unknown, { place }: PostgresLoad, address: string): Error {
  const said = error instanceof ServerError ? describeFailure(error.failure) : (error as Error).message
  return new ProblemError(makeProblem('load-failed', `${address} cannot be read: ${said}`, { place }), {
    cause: error,
  })
}
