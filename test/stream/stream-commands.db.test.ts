import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { buildIfStale, type Ended, runEstimand } from '../cli/spawn-estimand.ts'
import { useProjectDatabase } from '../run/run-project.ts'
import { hasBroker, useBroker } from './use-broker.ts'

/*
 * A table that is replayed into a topic and read back, as people do it.
 */

const schema = {
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'event_id', type: 'long' },
    { name: 'ts', type: 'long' },
    { name: 'name', type: ['null', 'string'] },
  ],
}

describe.runIf(hasBroker())('the commands of streams', () => {
  const broker = useBroker()
  const database = useProjectDatabase()
  let folder = ''

  beforeAll(async () => {
    buildIfStale()
    folder = mkdtempSync(join(tmpdir(), 'estimand-stream-'))
    mkdirSync(join(folder, 'pipelines'))
    const targets = `{ test: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}", schema: analytics, threads: 2 } }`
    writeFileSync(
      join(folder, 'project.yml'),
      `name: streams\nversion: '1.0'\ntarget: test\ntargets: ${targets}\n`,
    )
    writeFileSync(join(folder, 'pipelines', 'event.avsc'), JSON.stringify(schema))
    writeFileSync(
      join(folder, 'pipelines', 'events.yml'),
      `loads:
  - name: events
    kind: stream
    brokers: "{{ env_var('BROKERS') }}"
    topics: events
    format: avro
    schema_files: { 3: event.avsc }
    fields: { event_time: { from: ts, unit: ms }, event_name: name, read_key: $key, read_offset: $offset }
    sasl: ~
    tables:
      - name: events
        schema: raw
        columns:
          - { name: event_id, type: bigint }
          - { name: event_time, type: timestamptz }
          - { name: event_name, type: text }
          - { name: read_key, type: text }
          - { name: read_offset, type: bigint }
`,
    )
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const estimand = (...args: string[]): Promise<Ended> =>
    runEstimand(folder, ['stream', ...args], { DATABASE_URL: database.url, BROKERS: broker.address })

  const statusOf = async () => JSON.parse((await estimand('status', '--output', 'json')).out).streams[0]

  test('replay a table in order, read it once, and say how things stand', async () => {
    await broker.createTopic('events', 2)
    await database.rows(sql`create schema made`)
    await database.rows(sql`
      create table made.events as
      select id as event_id, 'n' || chr(92) || id % 3 as event_name, id % 7 as user_id,
        timestamptz '2026-01-01 00:00:00.5Z' + (5000 - id) * interval '1 minute' as event_time
      from generate_series(1, 3000) as id`)
    const flags = ['--from', 'made.events', '--order-by', 'event_time,event_id', '--key', 'user_id']
    const replayed = await estimand('replay', 'events', ...flags, '--spoil', '0.01', '--seed', '5')
    expect(replayed).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3,000 messages in .*, \d+ of them cut off$/m),
    })
    const spoilt = Number(/(\d+) of them cut off/.exec(replayed.out)![1])
    expect(spoilt).toBeGreaterThan(10)

    const run = await estimand('run', '--until-caught-up')
    expect(run.code).toBe(0)
    expect(run.out).toContain(
      `stopped after ${(3000 - spoilt).toLocaleString('en')} rows, ${spoilt} bad messages`,
    )
    expect(
      await database.rows(sql`
        select count(*)::int as rows, count(distinct event_id)::int as ids
        from raw.events join made.events as made using (event_id, event_time, event_name)
        where read_key = user_id::text`),
    ).toEqual([{ rows: 3000 - spoilt, ids: 3000 - spoilt }])
    // A key goes to one partition, where its events stand in the order of time.
    expect(
      await database.rows(sql`
        select count(*)::int as late from (
          select event_time < lag(event_time) over (partition by read_key order by read_offset) as is_late
          from raw.events) as events
        where is_late`),
    ).toEqual([{ late: 0 }])

    const status = await statusOf()
    expect(status).toMatchObject({
      stream: 'events',
      lag: 0,
      lag_from: 'brokers',
      rows: 3000 - spoilt,
      dead_letters: spoilt,
    })
    expect(status.partitions).toHaveLength(2)

    const started = Date.now()
    expect((await estimand('replay', 'events', ...flags, '--limit', '300', '--rate', '200')).code).toBe(0)
    expect(Date.now() - started).toBeGreaterThan(1300)
    expect(await statusOf()).toMatchObject({ lag: 300 })
    expect((await estimand('reset', 'events', '--to', 'latest')).code).toBe(0)
    expect((await estimand('run', '--until-caught-up')).out).toContain('stopped after 0 rows')
    expect(await statusOf()).toMatchObject({ lag: 0, rows: 3000 - spoilt })
  })

  test('say what is wrong', async () => {
    expect((await estimand('replay', 'event', '--from', 'made.events')).err).toContain(
      "no load of kind stream is called 'event'   [selection-empty]\n  did you mean 'events'?",
    )
    const away = await runEstimand(folder, ['stream', 'reset', 'events', '--to', 'latest'], {
      DATABASE_URL: database.url,
      BROKERS: '127.0.0.1:1',
    })
    expect(away.code).toBe(2)
    expect(away.err + away.out).toContain('[kafka-unreachable]')
  })
})
