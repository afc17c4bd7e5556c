import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished, pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import type { RunResult } from '../src/core/run-result.ts'
import {
  type Connection,
  connectionUrl,
  ensureEmbeddedServer,
  type Session,
  sql,
  stopEmbeddedServer,
  unsafeSql,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { measureCommand } from './measured-command.ts'

/*
 * A CSV file into a table, against `psql \copy` of the same file into a table of the same shape, in turns; with typing
 * and quarantine on, without bad rows and with a thousand of them, which psql does not get: it would stop at the first.
 * Ours is the time of the load node, table made and analysed; for psql it is that of the \copy alone, as psql measures
 * it.
 */

interface Sample {
  readonly seconds: number
  readonly peakMemoryMb: number | null
}

/** `--rows N` (5,000,000), `--bad N` (1,000), `--memory-rows N` (20,000,000; 0 for none), `--rounds N` (3). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '5000000' },
      bad: { type: 'string', default: '1000' },
      'memory-rows': { type: 'string', default: '20000000' },
      rounds: { type: 'string', default: '3' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const [rows, bad, memoryRows, rounds] = [
    Number(values.rows),
    Number(values.bad),
    Number(values['memory-rows']),
    Number(values.rounds),
  ]
  const root = mkdtempSync(join(values.dir, 'estimand-bench-'))
  const effects = { report: () => {}, clock: () => new Date(), env: process.env }
  try {
    makeProject(root)
    const { connection } = await ensureEmbeddedServer(root, effects)
    await writeRows(join(root, 'data/clean.csv'), rows, 0)
    await writeRows(join(root, 'data/spoiled.csv'), rows, bad)
    print('rows', `${rows.toLocaleString('en')}, ${megabytes(statSync(join(root, 'data/clean.csv')).size)}`)
    await compare(root, connection, { bad, rounds })
    if (memoryRows > 0) await measureMemory(root, memoryRows)
    await stopEmbeddedServer(root, effects)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function compare(
  root: string,
  connection: Connection,
  { bad, rounds }: { readonly bad: number; readonly rounds: number },
): Promise<void> {
  const hasPsql = await isThere('psql')
  if (!hasPsql) print('psql', 'is not on this machine: compared with a plain COPY from Node only')
  const clean: number[] = []
  const spoiled: number[] = []
  const psql: number[] = []
  const plain: number[] = []
  for (let round = 0; round < rounds; round++) {
    clean.push((await load(root, 'clean')).seconds)
    if (hasPsql) psql.push(await copyByPsql(root, connection))
    spoiled.push((await load(root, 'spoiled')).seconds)
    plain.push(await copyPlainly(root, connection))
    const of = (name: string, times: number[]) => `${name} ${times.at(-1)!.toFixed(2)} s`
    print(
      `round ${round + 1}`,
      [
        of('ours', clean),
        of(`with ${bad} bad`, spoiled),
        ...(hasPsql ? [of('psql', psql)] : []),
        of('COPY', plain),
      ].join(', '),
    )
  }
  const against = hasPsql ? psql : plain
  const name = hasPsql ? 'psql \\copy' : 'a plain COPY'
  print(`ratio to ${name} (limit 0.95)`, (median(against) / median(clean)).toFixed(2))
  print(`ratio with ${bad} bad rows (limit 0.95)`, (median(against) / median(spoiled)).toFixed(2))
  print('ratio to COPY over one connection of ours', (median(plain) / median(clean)).toFixed(2))
}

async function measureMemory(root: string, rows: number): Promise<void> {
  for (const count of [rows / 20, rows]) {
    await writeRows(join(root, 'data/clean.csv'), count, 0)
    const { peakMemoryMb, seconds } = await load(root, 'clean')
    print(
      `Node's peak at ${count.toLocaleString('en')} rows`,
      `${peakMemoryMb === null ? 'unknown' : `${peakMemoryMb.toFixed(0)} MB`}, ${seconds.toFixed(1)} s`,
    )
  }
}

const columns = [
  ['id', 'bigint'],
  ['at', 'timestamptz'],
  ['day', 'date'],
  ['name', 'text'],
  ['amount', 'numeric(12,2)'],
  ['score', 'double precision'],
  ['is_paid', 'boolean'],
] as const

function makeProject(root: string): void {
  mkdirSync(join(root, 'pipelines'))
  mkdirSync(join(root, 'data'))
  const table = columns.map(([name, type]) => `{ name: ${name}, type: "${type}" }`).join(', ')
  const loadOf = (name: string) => `
  - name: ${name}
    kind: files
    from: data/${name}.csv
    on_bad_row: quarantine
    tables: [{ name: ${name}, schema: raw, columns: [${table}] }]
`
  writeFileSync(
    join(root, 'project.yml'),
    'name: bench\ntarget: dev\ntargets: { dev: { engine: embedded, schema: analytics, threads: 4 } }\n',
  )
  writeFileSync(join(root, 'pipelines/loads.yml'), `loads:${loadOf('clean')}${loadOf('spoiled')}`)
}

/** Writes rows made from their number, the same each time; bad ones are spread evenly. */
async function writeRows(path: string, rows: number, bad: number): Promise<void> {
  const file = createWriteStream(path, { highWaterMark: 4 * 1024 * 1024 })
  const every = bad > 0 ? Math.floor(rows / bad) : Number.POSITIVE_INFINITY
  file.write('id,at,day,name,amount,score,is_paid\n')
  let text = ''
  for (let id = 0; id < rows; id++) {
    const hash = Math.imul(id ^ 0x9e3779b9, 0x85ebca6b) >>> 0
    const at = new Date(Date.UTC(2026, 0, 1) + (hash % 31_536_000) * 1000).toISOString()
    const name = hash % 5 === 0 ? `"customer, ""${hash % 977}"""` : `customer ${hash % 100_003}`
    const key = id % every === every - 1 ? `no. ${id}` : id
    text += `${key},${at},${at.slice(0, 10)},${name},${(hash % 1_000_000) / 100},${hash / 7919},${hash % 2 === 0}\n`
    if (text.length < 1024 * 1024 && id < rows - 1) continue
    if (!file.write(text)) await once(file, 'drain')
    text = ''
  }
  file.end()
  await finished(file)
}

async function load(root: string, name: string): Promise<Sample> {
  const { stdout, peakMemoryMb } = await measureCommand(
    ['load', '--select', name, '--full-refresh', '--output', 'json'],
    root,
  )
  const { results } = JSON.parse(stdout) as RunResult
  return { seconds: results[0]!.durationMs / 1000, peakMemoryMb }
}

/** Lends a session with an empty table of the same shape. */
async function withTable<T>(connection: Connection, body: (session: Session) => Promise<T>): Promise<T> {
  return withWarehouse(connection, { threads: 1, applicationName: 'estimand bench' }, (warehouse) =>
    warehouse.withSession(async (session) => {
      const shape = columns.map(([name, type]) => `${name} ${type}`).join(', ')
      await session.query(sql`create schema if not exists bench`)
      await session.query(sql`drop table if exists bench.copied`)
      await session.query(unsafeSql(`create table bench.copied (${shape})`))
      return body(session)
    }),
  )
}

/** Seconds that psql says its \copy took, with the server's time for analysing, which ours does too. */
async function copyByPsql(root: string, connection: Connection): Promise<number> {
  return withTable(connection, async () => {
    const output = await run('psql', [
      connectionUrl(connection, { withPassword: true }),
      '-c',
      '\\timing on',
      '-c',
      `\\copy bench.copied from '${join(root, 'data/clean.csv')}' with (format csv, header)`,
      '-c',
      'analyze bench.copied',
    ])
    const times = [...output.matchAll(/Time: ([\d.]+) ms/g)].map((match) => Number(match[1]))
    return times.reduce((sum, ms) => sum + ms, 0) / 1000
  })
}

/** The same over one of our own connections, the file as it is. */
async function copyPlainly(root: string, connection: Connection): Promise<number> {
  return withTable(connection, async (session) => {
    const startedAt = performance.now()
    const names = columns.map(([name]) => name)
    const sink = session.copyIn({ schema: 'bench', identifier: 'copied' }, names, {
      format: 'csv',
      header: true,
    })
    const file = createReadStream(join(root, 'data/clean.csv'), { highWaterMark: 1024 * 1024 })
    await pipeline(file, sink.writable, { end: false })
    await sink.finish()
    await session.query(sql`analyze bench.copied`)
    return (performance.now() - startedAt) / 1000
  })
}

async function isThere(program: string): Promise<boolean> {
  return run(program, ['--version']).then(
    () => true,
    () => false,
  )
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args)
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`${program} ended with ${code}\n${output}`)
  return output
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function print(label: string, value: string): void {
  process.stdout.write(`${label.padEnd(48)} ${value}\n`)
}
