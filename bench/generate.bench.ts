import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Relation } from '../src/core/node.ts'
import type { RunResult } from '../src/core/run-result.ts'
import {
  ensureEmbeddedServer,
  relationIdent,
  type Session,
  sql,
  sqlLiteral,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { holdToLimit, median, printFigure } from './limits.ts'
import { measureCommand } from './measured-command.ts'

/*
 * Generating and loading the product world, against the server alone reading the same rows from files.
 * The server's files are in its own binary format, which is its fastest way; one connection reads one file, as
 * COPY does. Ours makes every row first, and sends it over several connections.
 */

const tables: readonly Relation[] = [
  ...['users', 'events', 'assignments', 'items', 'experiments', 'allocations', 'rollouts'].map(
    (identifier) => ({
      schema: 'product',
      identifier,
    }),
  ),
  ...['effects', 'potential_outcomes'].map((identifier) => ({ schema: 'truth', identifier })),
]

/** `--events N` (10,000,000) for the comparison, `--memory-events N` (20,000,000) for the memory. */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '10000000' },
      'memory-events': { type: 'string', default: '20000000' },
      rounds: { type: 'string', default: '3' },
    },
  })
  const events = Number(values.events)
  const rounds = Number(values.rounds)
  const ours: number[] = []
  const servers: number[] = []
  for (let round = 0; round < rounds; round++) {
    await settle()
    const load = await loadWorld(events)
    const server = await copyOnServer()
    ours.push(load.seconds)
    servers.push(server)
    printFigure(
      `round ${round + 1}`,
      `ours ${load.seconds.toFixed(2)} s, server ${server.toFixed(2)} s, Node's peak ${megabytes(load.peakMemoryMb)}`,
    )
  }
  const [our, server] = [median(ours), median(servers)]
  printFigure('events', events.toLocaleString('en'))
  printFigure('generate + COPY', `${our.toFixed(2)} s, ${rate(events, our)}`)
  printFigure("the server's COPY from a file", `${server.toFixed(2)} s, ${rate(events, server)}`)
  const ratio = our / server
  holdToLimit({
    label: 'time, as many times that of the server',
    value: ratio,
    limit: 1,
    shown: ratio.toFixed(2),
  })
  const memoryEvents = Number(values['memory-events'])
  if (memoryEvents > 0) await compareMemory(memoryEvents)
}

/** Node's memory with a twentieth of the rows and with all of them: it must not grow with the rows. */
async function compareMemory(events: number): Promise<void> {
  const few = (await loadWorld(Math.round(events / 20))).peakMemoryMb
  const many = (await loadWorld(events)).peakMemoryMb
  if (few === null || many === null) return printFigure("Node's peak", 'unknown on this system')
  const growth = many / few
  holdToLimit({
    label: `Node's peak, twenty times the rows against one`,
    value: growth,
    limit: 1.25,
    shown: `${growth.toFixed(2)}, ${megabytes(few)} and ${megabytes(many)} at ${events.toLocaleString('en')} events`,
  })
}

/** Writes out what earlier work left in memory, so that neither side pays for it. */
async function settle(): Promise<void> {
  await withServer((session) => session.query(sql`checkpoint`))
}

/** Loads with the command; the time is the load node's own, tables and keys included, without publishing. */
async function loadWorld(events: number): Promise<{ seconds: number; peakMemoryMb: number | null }> {
  const command = [
    'load',
    '--select',
    'product_world',
    '--full-refresh',
    '--vars',
    `{events: ${events}}`,
    '--output',
    'json',
  ]
  const { stdout, peakMemoryMb } = await measureCommand(command)
  const { results } = JSON.parse(stdout) as RunResult
  return { seconds: results[0]!.durationMs / 1000, peakMemoryMb }
}

/** Writes what was loaded to files on the server, and times reading them into new tables of the same shape. */
async function copyOnServer(): Promise<number> {
  return withServer(async (session, dataDir) => {
    let seconds = 0
    for (const table of tables) {
      const file = join(dataDir, `bench-${table.identifier}.copy`)
      try {
        await session.query(sql`copy ${relationIdent(table)} to ${sqlLiteral(file)} with (format binary)`)
        seconds += await timeCopy(session, table, file)
      } finally {
        rmSync(file, { force: true })
      }
    }
    return seconds
  })
}

/** Lends a session on the project's embedded server. */
async function withServer<T>(body: (session: Session, dataDir: string) => Promise<T>): Promise<T> {
  const root = join(import.meta.dirname, '..')
  const effects = { report: () => {}, clock: () => new Date(), env: process.env }
  const { connection, dataDir } = await ensureEmbeddedServer(root, effects)
  return withWarehouse(connection, { threads: 1, applicationName: 'estimand bench' }, (warehouse) =>
    warehouse.withSession((session) => body(session, dataDir)),
  )
}

async function timeCopy(session: Session, table: Relation, file: string): Promise<number> {
  const copy = { schema: 'bench', identifier: table.identifier }
  await session.query(sql`create schema if not exists bench`)
  await session.query(sql`drop table if exists ${relationIdent(copy)}`)
  // The same shape as the loaded table, and its key built afterwards, as the load does.
  await session.query(sql`create table ${relationIdent(copy)} (like ${relationIdent(table)})`)
  const keys = await session.query<{ column: string }>(sql`
    select a.attname as column
    from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indisprimary and i.indrelid = ${`${table.schema}.${table.identifier}`}::regclass`)
  await session.query(sql`checkpoint`)
  const startedAt = performance.now()
  await session.query(sql`copy ${relationIdent(copy)} from ${sqlLiteral(file)} with (format binary)`)
  if (keys.rows.length > 0) {
    const columns = sql.join(
      keys.rows.map(({ column }) => sql.ident(column)),
      ', ',
    )
    await session.query(sql`alter table ${relationIdent(copy)} add primary key (${columns})`)
  }
  await session.query(sql`analyze ${relationIdent(copy)}`)
  const seconds = (performance.now() - startedAt) / 1000
  await session.query(sql`drop schema bench cascade`)
  return seconds
}

function rate(rows: number, seconds: number): string {
  return `${Math.round(rows / seconds / 1000).toLocaleString('en')}k rows/s`
}

function megabytes(value: number | null): string {
  return value === null ? 'unknown' : `${Math.round(value)} MB`
}
