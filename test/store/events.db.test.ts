import { expect, onTestFinished, test } from 'vitest'
import type { EventName } from '../../src/core/events/event-names.ts'
import type { EventRecord } from '../../src/core/events/event-schema.ts'
import { forgetOldEvents, isKept, migrateStore, recordEvents } from '../../src/store/index.ts'
import { connectWarehouse, type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'

const database = useTestDatabase()
const invocation = '00000000-0000-4000-8000-000000000001'

function record(name: EventName, level: string, msg = name as string, data: object = {}): EventRecord {
  const ts = '2026-01-01T00:00:00Z'
  const info = { name, level, msg, ts, invocation_id: invocation, code: '', pid: 1, thread: '', category: '' }
  return { version: 1, node_id: 'model.a.b', info: { ...info, extra: {} }, data } as unknown as EventRecord
}

test('the course of a command and what went wrong is kept, and nothing twice', () => {
  expect(isKept(record('PublishStarted', 'info'))).toBe(true)
  expect(isKept(record('LogTestResult', 'error'))).toBe(true)
  expect(isKept(record('Note', 'warn'))).toBe(true)
  expect(isKept(record('LogModelResult', 'info'))).toBe(false)
  expect(isKept(record('NodeProgress', 'debug'))).toBe(false)
  expect(isKept(record('RunResultError', 'error'))).toBe(false)
})

test('events are written in order and within bounds, once, and go after 90 days', async () => {
  const warehouse = await connectWarehouse(database.connection, { threads: 1, applicationName: 'test' })
  onTestFinished(() => warehouse.close())
  const session = warehouse.control
  const rows = async (query: SQLQuery) => (await warehouse.query(query)).rows
  await migrateStore(session)
  const many = Array.from({ length: 450 }, (_, index) => record('Note', 'warn', `note ${index}`))
  const odd = record('Note', 'warn', `zero \u0000 and \\u0000 ${'x'.repeat(9000)}`, {
    long: 'y'.repeat(20_000),
  })
  const records = [...many, odd]
  await recordEvents(session, records.slice(0, 3))
  await recordEvents(session, records.slice(2), 2)
  await recordEvents(session, records)
  await forgetOldEvents(session, new Date('2026-01-02'))
  const [counts] = await rows(sql`
    select count(*)::int as events, min(position) as first, max(position) as last, max(length(message)) as longest
    from estimand.events where invocation_id = ${invocation}::uuid`)
  expect(counts).toEqual({ events: 451, first: 0, last: 450, longest: 3999 })
  const [last] = await rows(sql`
    select left(message, 22) as message, node_id, level, version, data from estimand.events where position = 450`)
  expect(last).toEqual({
    message: 'zero  and \\u0000 xxxxx',
    node_id: 'model.a.b',
    level: 'warn',
    version: 1,
    data: { omitted: 'too long' },
  })
  await forgetOldEvents(session, new Date('2026-04-02'))
  expect(await rows(sql`select from estimand.events`)).toEqual([])
})
