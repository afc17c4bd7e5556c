import { parentPort, workerData } from 'node:worker_threads'
import type { GeneratorDefinition, GeneratorPartition, RowWriter } from '../../core/generator.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { joinLease } from '../../store/index.ts'
import {
  type CopySink,
  connectWarehouse,
  makeBinaryWriter,
  type Session,
  type Warehouse,
} from '../../warehouse/index.ts'
import { loadDefaultExport } from '../load-module.ts'
import type { FromWorker, GeneratorWorkerData, ToWorker } from './generator-protocol.ts'

/*
 * A worker thread that writes partitions of a generator into the warehouse, over connections of its own.
 * Rows go from the generator into 256 KiB chunks and from there to the server; when the server is slower the
 * generator waits, so memory stays flat however many rows there are.
 */

interface OpenTable {
  readonly writer: RowWriter & { readonly rows: number; finish(): void }
  /** Chunks that wait to be sent. */
  readonly chunks: Uint8Array[]
  readonly sink: CopySink
}

const data = workerData as GeneratorWorkerData
const port = parentPort!
const say = (message: FromWorker): void => port.postMessage(message)

/** Opens a COPY for each table, each on a session of its own, and lends them to the body. */
async function withTables(
  warehouse: Warehouse,
  body: (tables: Map<string, OpenTable>) => Promise<void>,
): Promise<void> {
  const tables = new Map<string, OpenTable>()
  const openNext = async (rest: GeneratorWorkerData['tables']): Promise<void> => {
    const [first, ...others] = rest
    if (!first) return body(tables)
    await warehouse.withSession(async (session: Session) => {
      const { table, build } = first
      const sink = session.copyIn(
        build,
        table.columns.map(({ name }) => name),
        { format: 'binary' },
      )
      const chunks: Uint8Array[] = []
      const key = `${table.schema}.${table.name}`
      tables.set(key, {
        writer: makeBinaryWriter(key, table.columns, (chunk) => chunks.push(chunk)),
        chunks,
        sink,
      })
      await openNext(others)
    })
  }
  await openNext(data.tables)
}

async function sendChunks(tables: Iterable<OpenTable>): Promise<void> {
  for (const { chunks, sink } of tables) {
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) await sink.write(chunk)
  }
}

async function writePartitions(
  definition: GeneratorDefinition<unknown, GeneratorPartition>,
  tables: ReadonlyMap<string, OpenTable>,
): Promise<void> {
  const partitions = definition.partitions(data.params)
  const writers = Object.fromEntries([...tables].map(([name, { writer }]) => [name, writer]))
  const open = [...tables.values()]
  const rowsWritten = (): number => open.reduce((sum, { writer }) => sum + writer.rows, 0)
  let reported = 0
  const report = (): void => {
    const rows = rowsWritten()
    if (rows > reported) say({ type: 'rows', rows: rows - reported })
    reported = rows
  }
  for (let message = await nextMessage(); message.type === 'partition'; message = await nextMessage()) {
    for (const _ of definition.generate(partitions[message.index]!, {
      params: data.params,
      tables: writers,
    })) {
      if (open.some(({ chunks }) => chunks.length > 0)) await sendChunks(open)
    }
    report()
  }
  for (const { writer } of open) writer.finish()
  await sendChunks(open)
  for (const { sink } of open) await sink.finish()
  report()
}

/** Asks for work and waits for the answer. */
function nextMessage(): Promise<ToWorker> {
  return new Promise((resolve) => {
    port.once('message', resolve)
    say({ type: 'next' })
  })
}

async function main(): Promise<void> {
  const definition = await loadDefaultExport<GeneratorDefinition<unknown, GeneratorPartition>>(
    data.projectRoot,
    data.module,
  )
  const { password, leaseToken, statementTimeoutMs } = data
  const connection = { ...data.connection, ...(password !== undefined && { password: () => password }) }
  const warehouse = await connectWarehouse(connection, {
    threads: data.tables.length,
    applicationName: 'estimand load',
    ...(statementTimeoutMs !== undefined && { statementTimeoutMs }),
  })
  warehouse.prepareSessions((session) => joinLease(session, leaseToken))
  try {
    await withTables(warehouse, (tables) => writePartitions(definition, tables))
  } finally {
    await warehouse.close()
  }
}

main().then(
  () => say({ type: 'finished' }),
  (error: unknown) => {
    const problems =
      error instanceof ProblemError
        ? error.problems
        : [
            makeProblem(
              'load-failed',
              `${data.module}: ${error instanceof Error ? error.message : String(error)}`,
            ),
          ]
    say({ type: 'failed', problems })
  },
)
