import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Admin, Producer } from '@platformatic/kafka'
import { fetchJars, makeBroker } from '../scripts/kafka-broker.mjs'
import {
  ensureEmbeddedServer,
  type Session,
  sql,
  stopEmbeddedServer,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { measureCommand } from './measured-command.ts'

/*
 * A topic that is full already into a raw table: `estimand stream run --until-caught-up`, from its first claim of a
 * partition to its last commit, as the store has them. Broker, reader and server share the machine. Beside it the plain
 * COPY of the same rows from memory over one connection, which parses no JSON and keeps no positions.
 */

const columns = [
  ['event_id', 'bigint'],
  ['user_id', 'bigint'],
  ['event_time', 'timestamptz'],
  ['event_name', 'text'],
  ['session_id', 'bigint'],
  ['experiment_id', 'text'],
  ['variant', 'text'],
  ['platform', 'text'],
  ['geo', 'text'],
  ['device', 'text'],
  ['item_id', 'integer'],
  ['price_cents', 'integer'],
  ['revenue_cents', 'integer'],
] as const
const partitions = 4
const atOnce = 2_000
const effects = { report: () => {}, clock: () => new Date(), env: process.env }

/** `--events N` (1,000,000), `--rounds N` (3). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { events: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
  })
  const events = Number(values.events)
  fetchJars()
  const broker = await makeBroker()
  const root = mkdtempSync(join(tmpdir(), 'estimand-bench-stream-'))
  try {
    await broker.start()
    const bytes = await fill(broker.address, events)
    print(
      'input',
      `${events.toLocaleString('en')} events, ${partitions} partitions, JSON of ${Math.round(bytes / events)} bytes, ${columns.length} columns`,
    )
    writeProject(root, broker.address)
    const rates: number[] = []
    const copies: number[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      const { seconds, peakMb } = await readTopic(root, events)
      const copySeconds = await withServer(root, (session) => plainCopy(session))
      rates.push(events / seconds)
      copies.push(events / copySeconds)
      print(
        `round ${round + 1}`,
        `stream ${seconds.toFixed(2)} s, plain COPY ${copySeconds.toFixed(2)} s, the reader's peak ${peakMb?.toFixed(0) ?? '?'} MB`,
      )
    }
    print('topic → table (limit 50,000)', rate(median(rates)))
    print('plain COPY of the same rows', rate(median(copies)))
    print('ratio', (median(rates) / median(copies)).toFixed(2))
  } finally {
    await broker.remove()
    await stopEmbeddedServer(root, effects)
    rmSync(root, { recursive: true, force: true })
  }
}

/** Fills a new topic; returns how many bytes the payloads have. */
async function fill(address: string, events: number): Promise<number> {
  const client = { clientId: 'bench', bootstrapBrokers: [address], retries: 20, retryDelay: 250 }
  const admin = new Admin(client)
  await admin.createTopics({ topics: ['bench'], partitions, replicas: 1 })
  await admin.close()
  const producer = new Producer(client)
  let bytes = 0
  for (let from = 0; from < events; from += atOnce) {
    const messages = Array.from({ length: Math.min(atOnce, events - from) }, (_, index) => {
      const value = Buffer.from(JSON.stringify(eventOf(from + index)))
      bytes += value.length
      return { topic: 'bench', partition: (from / atOnce) % partitions, value }
    })
    await producer.send({ messages, acks: -1 })
  }
  await producer.close()
  return bytes
}

function eventOf(id: number): Record<(typeof columns)[number][0], unknown> {
  const isPurchase = id % 50 === 0
  return {
    event_id: id,
    user_id: (id * 7919) % 99_991,
    event_time: new Date(1_770_000_000_000 + id * 37).toISOString(),
    event_name: ['view', 'search', 'play', 'like', 'add_to_cart'][id % 5],
    session_id: id - (id % 11),
    experiment_id: id % 3 === 0 ? 'one_tap' : null,
    variant: id % 3 === 0 ? (id % 2 === 0 ? 'control' : 'treatment') : null,
    platform: ['ios', 'android', 'web', 'tv'][id % 4],
    geo: ['DE', 'FR', 'US', 'BR'][id % 4],
    device: ['phone', 'tablet', 'desktop'][id % 3],
    item_id: id % 5 === 1 ? null : id % 2_000,
    price_cents: isPurchase ? 1_999 : null,
    revenue_cents: isPurchase ? 1_999 : null,
  }
}

function writeProject(root: string, address: string): void {
  mkdirSync(join(root, 'pipelines'))
  writeFileSync(join(root, 'project.yml'), "name: bench_stream\nversion: '1.0'\n")
  const listed = columns.map(([name, type]) => `          - { name: ${name}, type: ${type} }`).join('\n')
  writeFileSync(
    join(root, 'pipelines', 'bench.yml'),
    `loads:
  - name: bench
    kind: stream
    brokers: "${address}"
    topics: bench
    tables:
      - name: bench
        schema: raw
        columns:
${listed}
`,
  )
}

/** Reads the whole topic into a new table. */
async function readTopic(root: string, events: number): Promise<{ seconds: number; peakMb: number | null }> {
  await withServer(root, async (session) => {
    await session.query(sql`drop table if exists raw.bench`)
    await session.query(sql`checkpoint`)
  })
  const { peakMemoryMb } = await measureCommand(['stream', 'run', '--until-caught-up', '--project-dir', root])
  return withServer(root, async (session) => {
    const { rows } = await session.query<{ seconds: number; count: number }>(sql`
      select extract(epoch from max(committed_at) - min(claimed_at))::float8 as seconds,
        (select count(*)::int from raw.bench) as count
      from estimand.stream_positions`)
    if (rows[0]!.count !== events) throw new Error(`the table has ${rows[0]!.count} rows`)
    return { seconds: rows[0]!.seconds, peakMb: peakMemoryMb }
  })
}

/** Sends the rows of the table once more, as they come out of it, into another one. */
async function plainCopy(session: Session): Promise<number> {
  const chunks: Buffer[] = []
  for await (const chunk of session.copyOut(sql`select * from raw.bench`, 'text'))
    chunks.push(chunk as Buffer)
  await session.query(sql`drop table if exists raw.copied`)
  await session.query(sql`create table raw.copied (like raw.bench)`)
  await session.query(sql`checkpoint`)
  const started = performance.now()
  const sink = session.copyIn({ schema: 'raw', identifier: 'copied' }, [], { format: 'text' })
  for (const chunk of chunks) await sink.write(chunk)
  await sink.finish()
  return (performance.now() - started) / 1000
}

async function withServer<T>(root: string, body: (session: Session) => Promise<T>): Promise<T> {
  const { connection } = await ensureEmbeddedServer(root, effects)
  return withWarehouse(connection, { threads: 1, applicationName: 'estimand bench' }, (warehouse) =>
    warehouse.withSession(body),
  )
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en')} a second`
}

function print(label: string, value: string): void {
  process.stdout.write(`${label.padEnd(36)} ${value}\n`)
}
