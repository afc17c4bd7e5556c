import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectWarehouse, type SQLQuery, sql, type Warehouse } from '../../src/warehouse/index.ts'
import { buildIfStale, type Started, startEstimand } from '../cli/spawn-estimand.ts'
import { type FaultServer, startFaultServer } from '../faults/fault-server.ts'
import { amount, seeded, tell } from '../faults/seeded.ts'
import { hasBroker, useBroker } from './use-broker.ts'

/*
 * Two readers of one topic, while it is written. They are killed at random moments, between writing the rows and moving
 * the positions, and within the commit; they are frozen until others have what was theirs, and thawed; the broker and
 * the server are killed and come back. In the end the table and the dead letters hold each message once.
 */

const partitions = 4
/** Locks that stop a reader at a place of its transaction. */
const holds = { 'before the positions move': 7_001, 'within the commit': 7_002 } as const

describe.runIf(hasBroker())('readers of a stream', () => {
  const broker = useBroker()
  let server: FaultServer
  let warehouse: Warehouse
  let folder = ''
  const readers: Started[] = []

  beforeAll(async () => {
    buildIfStale()
    server = await startFaultServer()
    warehouse = await connectWarehouse(server.connection, { threads: 2, applicationName: 'test' })
    folder = mkdtempSync(join(tmpdir(), 'estimand-readers-'))
    mkdirSync(join(folder, 'pipelines'))
    writeFileSync(
      join(folder, 'project.yml'),
      `name: readers
version: '1.0'
target: test
targets:
  test: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}", schema: analytics, threads: 2 }
`,
    )
    writeFileSync(
      join(folder, 'pipelines', 'clicks.yml'),
      `loads:
  - name: clicks
    kind: stream
    brokers: "{{ env_var('BROKERS') }}"
    topics: clicks
    batch: { rows: 150, seconds: 0.2 }
    fields: { message_partition: $partition, message_offset: $offset }
    tables:
      - name: clicks
        schema: raw
        columns:
          - { name: id, type: bigint }
          - { name: message_partition, type: integer }
          - { name: message_offset, type: bigint }
`,
    )
  }, 180_000)

  afterAll(async () => {
    for (const { process } of readers) process.kill('SIGKILL')
    await warehouse?.close().catch(() => {})
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const startReader = (): Started => {
    const reader = startEstimand(folder, ['stream', 'run', '--session-timeout', '3'], {
      DATABASE_URL: server.url,
      BROKERS: broker.address,
    })
    readers.push(reader)
    return reader
  }

  const one = async <T>(query: SQLQuery): Promise<T> => (await warehouse.query<T>(query)).rows[0]!

  /** Makes transactions of readers wait for locks that the test holds. */
  const layHolds = async (): Promise<void> => {
    for (const [index, lock] of Object.values(holds).entries()) {
      const name = sql.ident('estimand', `hold_${index}`)
      await warehouse.query(sql`
        create or replace function ${name} () returns trigger language plpgsql as
        ${sql.__dangerous__rawValue(`'begin perform pg_advisory_xact_lock_shared(${lock}); return null; end'`)}`)
    }
    await warehouse.query(sql`
      create trigger hold_before before update on estimand.stream_positions
      for each statement execute function estimand.hold_0 ()`)
    await warehouse.query(sql`
      create constraint trigger hold_commit after update on estimand.stream_positions
      deferrable initially deferred for each row execute function estimand.hold_1 ()`)
  }

  /** Kills the reader that comes to a place of its transaction; false when none does. */
  const killAt = async (lock: number, held: Started[]): Promise<boolean> =>
    warehouse.withSession(async (session) => {
      await session.query(sql`select pg_advisory_lock(${lock})`)
      try {
        for (let attempt = 0; attempt < 100; attempt++) {
          const { rows } = await session.query<{ waits: boolean }>(sql`
            select exists (
              select from pg_locks where locktype = 'advisory' and objid = ${lock} and not granted
            ) as waits`)
          if (rows[0]!.waits) {
            for (const { process } of held) process.kill('SIGKILL')
            await Promise.all(held.map(({ ended }) => ended))
            return true
          }
          await sleep(50)
        }
        return false
      } finally {
        await session.query(sql`select pg_advisory_unlock(${lock})`)
      }
    })

  test('lose nothing and double nothing, whatever happens to them', async () => {
    const random = seeded(31)
    await broker.createTopic('clicks', partitions)
    const producer = broker.producer()
    let isOver = false
    let written = 0
    const producing = (async () => {
      while (!isOver) {
        const messages = Array.from({ length: 60 }, () => {
          const id = written++
          const text = `{"id": ${id}, "filler": "${'x'.repeat(50)}"}`
          return {
            topic: 'clicks',
            partition: id % partitions,
            value: Buffer.from(random.uniform() < 0.004 ? text.slice(0, 20) : text),
          }
        })
        // What is sent twice because an answer was lost is two messages, each of which counts.
        for (;;) {
          const isSent = await producer.send({ messages, acks: -1 }).then(
            () => true,
            () => false,
          )
          if (isSent) break
          await sleep(200)
        }
        await sleep(15)
      }
    })()
    const counts: Record<string, number> = {}
    const count = (what: string): void => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    let pair = [startReader(), startReader()]
    await Promise.all(pair.map(({ said }) => said(/reading as/)))
    await untilRows(500)
    await layHolds()

    const faults = Array.from({ length: amount(1, 12) }, () => [
      'random',
      'before the positions move',
      'freeze',
      'within the commit',
      'broker',
      'server',
      'random',
    ]).flat()
    for (const fault of faults) {
      const before = (await one<{ rows: number }>(sql`select count(*)::int as rows from raw.clicks`)).rows
      if (fault === 'random') {
        await sleep(200 + random.uniform() * 1500)
        const victim = random.uniform() < 0.5 ? 0 : 1
        pair[victim]!.process.kill('SIGKILL')
        pair[victim] = startReader()
        count('killed at random')
      } else if (fault === 'freeze') {
        const [frozen] = pair as [Started, Started]
        frozen.process.kill('SIGSTOP')
        // Longer than a reader may be silent: its partitions go to the other one.
        await sleep(6000)
        frozen.process.kill('SIGCONT')
        count('frozen and thawed')
      } else if (fault === 'broker') {
        await broker.restart(random.uniform() < 0.5 ? 'kill' : 'stop', 1000)
        count('broker restarted')
      } else if (fault === 'server') {
        await warehouse.close().catch(() => {})
        await server.kill()
        await sleep(1000)
        await server.comeBack()
        warehouse = await connectWarehouse(server.connection, { threads: 2, applicationName: 'test' })
        count('server killed')
      } else {
        if (await killAt(holds[fault as keyof typeof holds], pair)) count(`killed ${fault}`)
        pair = [startReader(), startReader()]
      }
      await untilRows(before + 300)
    }
    isOver = true
    await producing
    await untilEverything()
    // One that was begun a moment ago knows no signals yet, and would end by this one.
    await Promise.all(pair.map(({ said }) => said(/reading as/)))
    for (const { process } of pair) process.kill('SIGTERM')
    const ends = await Promise.all(pair.map(({ ended }) => ended))
    expect(ends.map(({ code }) => code)).toEqual([0, 0])

    const ofRows = await one<{ rows: number; places: number; ids: number }>(sql`
      select count(*)::int as rows, count(distinct (message_partition, message_offset))::int as places,
        count(distinct id)::int as ids
      from raw.clicks`)
    const dead = await one<{ letters: number; both: number }>(sql`
      select count(*)::int as letters, (
        select count(*)::int from raw.clicks join raw.clicks_dead_letters as dead
        on dead.partition = clicks.message_partition and dead.message_offset = clicks.message_offset
      ) as both
      from raw.clicks_dead_letters as dead`)
    const known = await one<{ messages: number; rows: number; dead: number }>(sql`
      select sum(next_offset)::int as messages, sum(row_count)::int as rows, sum(dead_letter_count)::int as dead
      from estimand.stream_positions`)
    tell(
      `readers of a stream: ${Object.entries(counts)
        .map(([what, times]) => `${what} ${times}×`)
        .join(', ')}; ` +
        `${known.messages} messages became ${ofRows.rows} rows and ${dead.letters} dead letters, ` +
        `${ofRows.rows - ofRows.places} doubled, ${known.messages - ofRows.rows - dead.letters} lost`,
    )
    expect(ofRows.places).toBe(ofRows.rows)
    expect(dead.both).toBe(0)
    expect(ofRows.rows + dead.letters).toBe(known.messages)
    expect(known).toEqual({ messages: known.messages, rows: ofRows.rows, dead: dead.letters })
    expect(dead.letters).toBeGreaterThan(0)
    expect(ofRows.ids + dead.letters).toBeGreaterThanOrEqual(written)
    expect(counts['killed before the positions move']).toBeGreaterThan(0)
    expect(counts['killed within the commit']).toBeGreaterThan(0)
  }, 900_000)

  async function untilRows(wanted: number): Promise<void> {
    await until(async () => {
      const { there } = await one<{ there: boolean }>(
        sql`select to_regclass('raw.clicks') is not null as there`,
      )
      if (!there) return false
      return (await one<{ rows: number }>(sql`select count(*)::int as rows from raw.clicks`)).rows >= wanted
    }, `${wanted} rows`)
  }

  /** Waits until the readers have come to the ends of the partitions, as a message to each makes them say. */
  async function untilEverything(): Promise<void> {
    const ends = await endOffsets()
    await until(async () => {
      const { rows } = await warehouse.query<{ partition: number; next: number }>(
        sql`select partition, next_offset::int as next from estimand.stream_positions`,
      )
      return ends.every((end, partition) => rows.find((row) => row.partition === partition)?.next === end)
    }, 'the end')
  }

  async function endOffsets(): Promise<number[]> {
    const { Consumer } = await import('@platformatic/kafka')
    const consumer = new Consumer({ clientId: 'test', groupId: 'test', bootstrapBrokers: [broker.address] })
    const found = await consumer.listOffsets({ topics: ['clicks'] })
    await consumer.close()
    return found.get('clicks')!.map(Number)
  }

  async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    for (let attempt = 0; attempt < 900; attempt++) {
      if (await isSo()) return
      await sleep(100)
    }
    const said = await Promise.all(
      readers.slice(-2).map(({ process, ended }) => {
        process.kill('SIGKILL')
        return ended
      }),
    )
    throw new Error(`waited too long for ${what}:\n${said.map(({ out, err }) => out + err).join('\n---\n')}`)
  }
})
