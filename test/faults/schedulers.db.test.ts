import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Dag } from '../../src/core/dag.ts'
import { instantsBetween } from '../../src/schedule/due-instants.ts'
import { makeScheduler, type Scheduler } from '../../src/schedule/scheduler.ts'
import { makeDagStore } from '../../src/store/dags/index.ts'
import { connectWarehouse, sql, type Warehouse } from '../../src/warehouse/index.ts'
import { makeDag } from '../schedule/make-dag.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { amount, seeded, tell } from './seeded.ts'

/*
 * Three schedulers on one store, over weeks of a clock that is moved by hand. They are killed at seeded moments, in the
 * middle of a transaction too, and come back; the clock is set forward and back. In the end every instant of every
 * schedule has been fired, and none of them twice.
 */

const database = useTestDatabase()
const owner = { project: 'shop', schema: 'analytics' }
const minuteMs = 60_000

/** Weeks in which clocks are changed: in Berlin on 29 March 2026, in New York on 1 November. */
const spans = [
  { from: '2026-03-23T00:00:00Z', weeks: amount(2, 8), stream: 81 },
  { from: '2026-10-26T00:00:00Z', weeks: amount(2, 8), stream: 82 },
] as const

const schedules: Readonly<Record<string, { cron: string; timezone: string }>> = {
  quarters: { cron: '*/15 * * * *', timezone: 'UTC' },
  hourly: { cron: '5 * * * *', timezone: 'America/New_York' },
  nightly: { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
  early: { cron: '30 1 * * *', timezone: 'America/New_York' },
  weekly: { cron: '0 6 * * 1', timezone: 'Asia/Kolkata' },
}

interface Replica {
  readonly warehouse: Warehouse
  readonly scheduler: Scheduler
}

describe('schedulers that are killed', () => {
  test.each(spans)('fire every instant of $weeks weeks from $from once', async ({ from, weeks, stream }) => {
    const random = seeded(stream)
    const chance = (share: number): boolean => random.uniform() < share
    const below = (count: number): number => Math.floor(random.uniform() * count)
    const started = Date.parse(from)
    const to = started + weeks * 7 * 86_400_000
    let now = started
    const dags = Object.entries(schedules).map(
      ([name, schedule]): Dag => makeDag(name, { schedule, startDate: new Date(started).toISOString() }),
    )
    const reading = { dags, problems: [] }
    let fired = 0
    const start = async (): Promise<Replica> => {
      const warehouse = await connectWarehouse(database.connection, {
        threads: 2,
        applicationName: `scheduler ${randomUUID()}`,
      })
      const store = makeDagStore(warehouse, owner)
      await store.migrate()
      const scheduler = makeScheduler({
        store,
        clock: () => new Date(now),
        newId: randomUUID,
        readDags: () => reading,
        startedBy: { host: 'here', user: 'ann', processId: 1 },
        retention: { days: 100, runs: 100 },
        emit: (event) => {
          if (event.type === 'fired') fired += event.runs.length
        },
      })
      return { warehouse, scheduler }
    }
    const replicas: (Replica | null)[] = await Promise.all([start(), start(), start()])
    const admin = await connectWarehouse(database.connection, { threads: 1, applicationName: 'admin' })
    await admin.query(sql`truncate estimand.dag_states, estimand.dag_runs cascade`)
    let kills = 0
    let changes = 0
    let leader = -1
    try {
      while (now < to) {
        // Mostly some minutes, now and then hours in which nobody is there, or back by up to half an hour.
        now += chance(0.02)
          ? below(360) * minuteMs
          : chance(0.03)
            ? -below(30) * minuteMs
            : below(45) * minuteMs
        now = Math.min(now, to)
        for (const [index, replica] of replicas.entries())
          if (!replica && chance(0.3)) replicas[index] = await start()
        const ticks = replicas.map((replica) => replica?.scheduler.tick().catch(() => {}))
        if (chance(0.15)) {
          const victim = below(replicas.length)
          const replica = replicas[victim]
          if (replica) {
            await sleep(below(12))
            replicas[victim] = null
            kills++
            await kill(admin, replica)
          }
        }
        await Promise.all(ticks)
        const leads = replicas.findIndex((replica) => replica?.scheduler.isLeading())
        if (leads !== leader) changes++
        leader = leads
      }
      const last = await start()
      replicas.push(last)
      await Promise.all(replicas.map((replica) => replica?.scheduler.standDown()))
      await last.scheduler.tick()
    } finally {
      await Promise.all(replicas.map((replica) => replica?.warehouse.close()))
    }
    const { rows } = await admin.query<{ dag: string; instants: string[] }>(sql`
      select dag, array_agg(to_char(instant at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') order by instant)
        as instants
      from estimand.dag_runs group by dag`)
    await admin.close()
    const made = new Map(rows.map(({ dag, instants }) => [dag, instants]))
    let expected = 0
    for (const [name, schedule] of Object.entries(schedules)) {
      const all = instantsBetween(schedule, new Date(started), new Date(to)).map((at) => at.toISOString())
      // The interval of the first instant began before the first day.
      expect(made.get(name), name).toEqual(all.slice(name === 'quarters' ? 0 : 1))
      expected += made.get(name)!.length
    }
    tell(
      `${expected} instants of ${dags.length} DAGs in ${weeks} weeks from ${from.slice(0, 10)} fired once each, over ${kills} kills of schedulers and ${changes} changes of who leads`,
    )
    expect(kills).toBeGreaterThan(20)
    expect(fired).toBeLessThanOrEqual(expected)
  })
})

/** What is left of a process that was killed: the server ends its sessions, wherever they are. */
async function kill(admin: Warehouse, { warehouse }: Replica): Promise<void> {
  await admin.query(sql`
    select pg_terminate_backend(pid)
    from pg_catalog.pg_stat_activity
    where application_name = (
      select application_name from pg_catalog.pg_stat_activity where pid = ${warehouse.control.processId}
    )`)
  await warehouse.close().catch(() => {})
}
