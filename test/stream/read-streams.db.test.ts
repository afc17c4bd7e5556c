import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deadLetterTable } from '../../src/core/dead-letter-table.ts'
import type { StreamSpec } from '../../src/core/load-spec.ts'
import { avroType } from '../../src/stream/avro-payload.ts'
import { usualGroupTimes } from '../../src/stream/kafka.ts'
import { type RunnableStream, runStream, type StreamEvent } from '../../src/stream/run-stream.ts'
import { sql } from '../../src/warehouse/index.ts'
import { useWarehouse } from '../warehouse/test-database.ts'
import { hasBroker, useBroker } from './use-broker.ts'

/*
 * What becomes of messages, from a real broker to the tables.
 */

const columns = [
  { name: 'id', type: 'bigint' },
  { name: 'at', type: 'timestamptz' },
  { name: 'name', type: 'varchar(5)' },
  { name: 'price', type: 'numeric(6,2)' },
  { name: 'day', type: 'date' },
  { name: 'more', type: 'jsonb' },
].map((column) => ({ ...column, description: '' }))

const avroSchema = JSON.stringify({
  type: 'record',
  name: 'Click',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'name', type: ['null', 'string'] },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'more', type: { type: 'map', values: 'long' } },
  ],
})

/** The same without what our reader makes of times and numbers, to write what it is to read. */
const plainAvro = JSON.stringify({
  type: 'record',
  name: 'Click',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'at', type: 'long' },
    { name: 'name', type: ['null', 'string'] },
    { name: 'price', type: 'bytes' },
    { name: 'day', type: 'int' },
    { name: 'more', type: { type: 'map', values: 'long' } },
  ],
})

const jsonSchema = JSON.stringify({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer', minimum: 1 }, name: { enum: ['a', 'b'] } },
})

describe.runIf(hasBroker())('messages of a real broker', () => {
  const broker = useBroker()
  const warehouse = useWarehouse()
  let registry: Server
  let registryUrl = ''

  beforeAll(async () => {
    registry = createServer((request, response) => {
      const isIn = request.headers.authorization === `Basic ${Buffer.from('me:geheim').toString('base64')}`
      const schema = { '/schemas/ids/7': avroSchema, '/schemas/ids/8': jsonSchema }[request.url ?? '']
      response.statusCode = isIn ? (schema ? 200 : 404) : 401
      response.end(JSON.stringify(schema && isIn ? { schema } : { message: 'no' }))
    })
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
    registryUrl = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`
  })
  afterAll(() => registry.close())

  const streamOf = (name: string, terms: Partial<StreamSpec> = {}): RunnableStream => {
    const table = { schema: 'raw', name, description: '', columns, primaryKey: ['id'] }
    return {
      name,
      connection: {
        brokers: [broker.address],
        clientId: 'test',
        security: { tls: false, sasl: null, ca: null },
      },
      registry: { url: registryUrl, username: 'me', password: 'geheim' },
      spec: {
        ...{
          kind: 'stream',
          params: {},
          tables: [table, deadLetterTable(table)],
          brokers: [],
          topics: [name],
        },
        ...{ group: name, format: 'json', start: 'earliest', onBadRow: 'quarantine' },
        schemas: { wireFormat: 'plain', file: null, byId: {}, registry: null },
        fields: columns.map((column) => ({ column: column.name, from: column.name, unit: null })),
        batch: { rows: 1000, seconds: 0.2 },
        security: { tls: false, tlsCa: null, sasl: null },
        ...terms,
      },
    }
  }

  const send = async (topic: string, payloads: readonly (string | Buffer | null)[]): Promise<void> => {
    await broker.producer().send({
      messages: payloads.map((payload) => ({
        topic,
        partition: 0,
        key: Buffer.from('k'),
        value: payload === null ? (null as never) : Buffer.from(payload as string),
      })),
      acks: -1,
    })
  }

  const read = async (stream: RunnableStream): Promise<StreamEvent[]> => {
    const events: StreamEvent[] = []
    await runStream(
      stream,
      { times: { ...usualGroupTimes, heartbeatIntervalMs: 300 }, untilCaughtUp: true, reportEveryMs: 10_000 },
      {
        withWarehouse: (body) => body(warehouse()),
        readFile: (path) => ({ 'click.avsc': avroSchema, 'click.json': jsonSchema })[path]!,
        clock: () => new Date(),
        signal: AbortSignal.timeout(60_000),
        tell: (event) => void events.push(event),
      },
    )
    return events
  }

  const rowsOf = async (name: string) =>
    (
      await warehouse().query(sql`
      select id::text, to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at, name, price::text, day::text,
        more::text
      from ${sql.ident('raw', name)} as rows order by rows.id`)
    ).rows

  const deadOf = async (name: string) =>
    (
      await warehouse().query<{ place: string; column_name: string | null; reason: string }>(sql`
      select message_offset::text as place, column_name, reason
      from ${sql.ident('raw', `${name}_dead_letters`)} order by message_offset`)
    ).rows.map(({ place, column_name, reason }) => `${place} ${column_name ?? '-'} ${reason}`)

  test('as JSON become rows, and dead letters that say why', async () => {
    await broker.createTopic('json', 1)
    await send('json', [
      '{"id": 9007199254740993, "at": "2026-01-02T03:04:05.123456+02:00", "name": "ünï", "price": 12.50, "day": "2026-02-28", "more": {"big": 12345678901234567890, "s": "tab\\t\\\\"}}',
      '{"id": 2}',
      'not json',
      '[1]',
      '{"id": "x"}',
      '{"at": "2026-01-01T00:00:00Z"}',
      '{"id": 3, "at": 17}',
      '{"id": 4, "at": "2026-02-30T00:00:00Z"}',
      '{"id": 5, "name": "toolong"}',
      '{"id": 6, "price": 12345.6}',
      '{"id": 7, "more": {"a": "\\u0000"}}',
      '{"id": 8, "name": "\\ud800"}',
      Buffer.from([0x7b, 0xff, 0x7d]),
      null,
      '{"id": 2, "name": "again"}',
      '{"id": 10, "day": "2026-13-01"}',
      '{"id": 9223372036854775808}',
    ])
    await read(streamOf('json'))
    expect(await rowsOf('json')).toEqual([
      { id: '2', at: null, name: null, price: null, day: null, more: null },
      {
        ...{ id: '9007199254740993', at: '2026-01-02 01:04:05.123456', name: 'ünï', price: '12.50' },
        ...{ day: '2026-02-28', more: '{"s": "tab\\t\\\\", "big": 12345678901234567890}' },
      },
    ])
    expect(await deadOf('json')).toEqual([
      expect.stringMatching(/^2 - the payload is no JSON: /),
      '3 - the payload is JSON, but no object',
      '4 id "x" is no bigint',
      '5 id a part of the primary key has no value',
      '6 at 17 is a number, and the field says no unit',
      '7 at "2026-02-30T00:00:00Z" is no time',
      '8 name "toolong" is longer than 5 characters',
      '9 price 12345.6 does not fit numeric(6,2)',
      '10 more a text within holds the zero character',
      '11 name a text holds half of a character pair',
      '12 - bytes that are no UTF-8 text',
      '13 - the message has no payload (it deletes its key)',
      expect.stringMatching(/^14 - duplicate key value violates unique constraint/),
      '15 day "2026-13-01" is no date',
      '16 id "9223372036854775808" is no bigint',
    ])
    const { rows } = await warehouse().query(sql`
      select topic, partition, message_key, payload, message_time is not null as timed
      from raw.json_dead_letters where message_offset = 12`)
    expect(rows).toEqual([
      {
        topic: 'json',
        partition: 0,
        message_key: Buffer.from('k'),
        payload: Buffer.from([0x7b, 0xff, 0x7d]),
        timed: true,
      },
    ])
  })

  test('are not read again, and what comes later is', async () => {
    await broker.createTopic('later', 1)
    await send('later', ['{"id": 1}', 'bad'])
    await read(streamOf('later'))
    await read(streamOf('later'))
    await send('later', ['{"id": 2}'])
    await read(streamOf('later'))
    expect((await rowsOf('later')).map(({ id }) => id)).toEqual(['1', '2'])
    expect(await deadOf('later')).toHaveLength(1)
  })

  test('as Avro are read by the schema that they name, from files or a registry', async () => {
    await broker.createTopic('avro', 1)
    const type = avroType(plainAvro)
    const payload = (id: number | bigint, schema = 7) => {
      const head = Buffer.alloc(5)
      head.writeUInt32BE(schema, 1)
      const value = {
        id,
        at: 1_770_000_000_123,
        name: 'n',
        price: Buffer.from([0xff, 0x38]),
        day: 20_000,
        more: { a: 5 },
      }
      return Buffer.concat([head, type.toBuffer(value)])
    }
    await send('avro', [
      payload(9_007_199_254_740_993n),
      payload(2),
      payload(3, 99),
      Buffer.from([1, 2]),
      payload(4).subarray(0, 9),
    ])
    const schemas = {
      wireFormat: 'confluent',
      file: null,
      byId: {},
      registry: { url: '', username: null, password: null },
    } as const
    await read(streamOf('avro', { format: 'avro', schemas }))
    const row = {
      at: '2026-02-02 02:40:00.123000',
      name: 'n',
      price: '-2.00',
      day: '2024-10-04',
      more: '{"a": 5}',
    }
    expect(await rowsOf('avro')).toEqual([
      { id: '2', ...row },
      { id: '9007199254740993', ...row },
    ])
    expect(await deadOf('avro')).toEqual([
      '2 - its schema 99 is not known',
      '3 - the payload does not begin with the number of a schema',
      expect.stringMatching(/^4 - the payload is no Avro of its schema: /),
    ])
  })

  test('as JSON with a schema have to keep to it', async () => {
    await broker.createTopic('schema', 1)
    await send('schema', ['{"id": 1, "name": "a"}', '{"id": 0}', '{"id": 2, "name": "c"}', '{"name": "a"}'])
    const schemas = { wireFormat: 'plain', file: 'click.json', byId: {}, registry: null } as const
    await read(streamOf('schema', { format: 'json-schema', schemas }))
    expect((await rowsOf('schema')).map(({ id }) => id)).toEqual(['1'])
    expect(await deadOf('schema')).toEqual([
      '1 - the payload breaks its schema: /id must be >= 1',
      '2 - the payload breaks its schema: /name must be equal to one of the allowed values',
      "3 - the payload breaks its schema: must have required property 'id'",
    ])
  })

  test('that are bad stop a stream that says so, with what came before them written', async () => {
    await broker.createTopic('strict', 1)
    await send('strict', ['{"id": 1}', '{"id": 2}', '{"id": "x"}', '{"id": 3}'])
    await expect(read(streamOf('strict', { onBadRow: 'fail' }))).rejects.toThrow(
      "stream 'strict': strict/0 at 2, column 'id': \"x\" is no bigint",
    )
    expect((await rowsOf('strict')).map(({ id }) => id)).toEqual(['1', '2'])
    await read(streamOf('strict', { onBadRow: 'skip' }))
    expect((await rowsOf('strict')).map(({ id }) => id)).toEqual(['1', '2', '3'])
  })

  test('of transactions that were given up are not there', async () => {
    await broker.createTopic('given_up', 1)
    const producer = broker.producer({ idempotent: true, transactionalId: 'tx' })
    const message = (id: number) => ({ topic: 'given_up', partition: 0, value: Buffer.from(`{"id": ${id}}`) })
    for (const id of [1, 2, 3, 4]) {
      const transaction = await producer.beginTransaction()
      await transaction.send({ messages: [message(id), message(id + 10)] })
      await (id % 2 === 0 ? transaction.commit() : transaction.abort())
    }
    await read(streamOf('given_up'))
    expect((await rowsOf('given_up')).map(({ id }) => id)).toEqual(['2', '4', '12', '14'])
    const { rows } = await warehouse().query(sql`
      select (end_offset - next_offset)::int as lag, row_count::int as rows
      from estimand.stream_positions where relation_name = 'given_up'`)
    expect(rows).toEqual([{ lag: 0, rows: 4 }])
  })

  test('begin anew when the table is gone, and not when the topic was made anew', async () => {
    await broker.createTopic('gone', 1)
    await send('gone', ['{"id": 1}', '{"id": 2}'])
    await read(streamOf('gone'))
    await warehouse().query(sql`drop table raw.gone`)
    await warehouse().query(sql`drop table raw.gone_dead_letters`)
    await read(streamOf('gone'))
    expect(await rowsOf('gone')).toHaveLength(2)
    await warehouse().query(
      sql`update estimand.stream_positions set topic_id = 'other' where relation_name = 'gone'`,
    )
    await expect(read(streamOf('gone'))).rejects.toThrow(
      "stream 'gone' cannot go on: topic 'gone' was made anew",
    )
  })
})
