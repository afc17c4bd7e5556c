import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeScheduler, type SchedulerEvent } from '../../src/schedule/scheduler.ts'
import { makeDagStore, type NewDagRun } from '../../src/store/dags/index.ts'
import { connectWarehouse, sql } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { makeDag } from './make-dag.ts'

const database = useTestDatabase()
/** A database cannot be closed from within. */
const elsewhere = useTestDatabase()

test('a warehouse that is away for ten minutes is survived: what was due is fired, and the lag is told', async () => {
  const warehouse = await connectWarehouse(database.connection, { threads: 2, applicationName: 'scheduler' })
  const admin = await connectWarehouse(elsewhere.connection, { threads: 1, applicationName: 'admin' })
  try {
    const store = makeDagStore(warehouse, { project: 'shop', schema: 'analytics' })
    await store.migrate()
    let now = Date.parse('2026-02-01T00:00:00Z')
    const events: SchedulerEvent[] = []
    const dag = makeDag('minutely', { schedule: { cron: '* * * * *', timezone: 'UTC' }, catchup: 'none' })
    const reading = { dags: [dag], problems: [] }
    const scheduler = makeScheduler({
      store,
      clock: () => new Date(now),
      newId: randomUUID,
      readDags: () => reading,
      startedBy: { host: 'here', user: 'ann', processId: 1 },
      retention: { days: 1, runs: 1 },
      emit: (event) => events.push(event),
    })
    await scheduler.tick()
    now += 60_000
    await scheduler.tick()
    // Nobody gets in any more, and whoever is in is thrown out.
    const name = database.connection.target.database
    await admin.query(sql`alter database ${sql.ident(name)} allow_connections false`)
    await admin.query(sql`
      select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = ${name}`)
    for (let minute = 0; minute < 10; minute++) {
      now += 60_000
      await expect(scheduler.tick()).rejects.toThrow()
    }
    await admin.query(sql`alter database ${sql.ident(name)} allow_connections true`)
    await scheduler.tick()
    const fired = events.flatMap((event) => (event.type === 'fired' ? event.runs : []))
    expect(fired.map(({ instant }) => instant!.slice(11, 16))).toEqual(
      Array.from({ length: 11 }, (_, index) => `00:${String(index + 1).padStart(2, '0')}`),
    )
    expect(fired.map(({ lagMs }) => lagMs! / 60_000)).toEqual([0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    await scheduler.standDown()
  } finally {
    await warehouse.close()
    await admin.close()
  }
})

test('a run for new data that could not be written is made at the next look, once, and waits for others', async () => {
  const warehouse = await connectWarehouse(database.connection, { threads: 2, applicationName: 'scheduler' })
  try {
    const store = makeDagStore(warehouse, { project: 'fed', schema: 'analytics' })
    await store.migrate()
    let now = Date.parse('2026-02-01T00:30:00Z')
    const dag = makeDag('fed', {
      schedule: null,
      triggers: { afterDags: [], newData: ['shop'], webhook: null },
      dependsOn: [{ dag: 'loads', on: 'done' }],
    })
    const reading = { dags: [dag, makeDag('loads')], problems: [] }
    const asked: NewDagRun[] = []
    const scheduler = makeScheduler({
      store: {
        ...store,
        readNewData: async () => new Map([['fed', '2026-02-01T00:30:01.000Z']]),
        fire: async (leadership, runs, ...rest) => {
          asked.push(...runs)
          if (asked.length === 1) throw new Error('the warehouse is away')
          return store.fire(leadership, runs, ...rest)
        },
      },
      clock: () => new Date(now),
      newId: randomUUID,
      readDags: () => reading,
      startedBy: { host: 'here', user: 'ann', processId: 1 },
      retention: { days: 1, runs: 1 },
      emit: () => {},
    })
    await expect(scheduler.tick()).rejects.toThrow('away')
    for (let look = 0; look < 2; look++) {
      now += 2_000
      await scheduler.tick()
    }
    const awaited = { dag: 'loads', on: 'done', intervalEnd: '2026-02-01T00:00:00.000Z' }
    expect(asked.map(({ waitsFor }) => waitsFor)).toEqual([[awaited], [awaited]])
    expect(await store.readRuns({ limit: 10 })).toMatchObject([{ dag: 'fed', cause: 'new_data' }])
    await scheduler.standDown()
  } finally {
    await warehouse.close()
  }
})
