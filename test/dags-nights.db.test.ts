import { randomUUID } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeExecuteStep } from '../src/cli/dag-step.ts'
import { runCommandLine } from '../src/cli/run-command-line.ts'
import { formatProblem } from '../src/core/problem.ts'
import { readDags } from '../src/project/read-dags.ts'
import { readProject } from '../src/project/read-project.ts'
import { makeScheduler } from '../src/schedule/scheduler.ts'
import { makeWorker } from '../src/schedule/worker.ts'
import { makeDagStore } from '../src/store/dags/index.ts'
import { connectWarehouse, sql, type Warehouse } from '../src/warehouse/index.ts'
import { fakeSurroundings } from './cli/fake-surroundings.ts'
import { buildIfStale, cleanEnvironment } from './cli/spawn-estimand.ts'
import { useTestDatabase } from './warehouse/test-database.ts'

/*
 * The reference project's own DAGs through nights of a clock that is moved: fourteen with ESTIMAND_NIGHTS=full, else
 * seven, with the product as the only world and with those analyses only that are looked at here: the metrics, the
 * experiment that is running, and the drift of sessions. Somebody starts the scheduler and a worker some minutes before
 * the night and stops them an hour after: of the hours between, only the latest is made up. Steps run as a worker runs
 * them, the memo in a process of its own.
 */

const repository = join(import.meta.dirname, '..')
const dayMs = 86_400_000
const isFull = process.env['ESTIMAND_NIGHTS'] === 'full'
const nights = isFull ? 14 : 7
const lookedAt = ['product_metrics.yml', 'daily_streaks_monitor.yml', 'session_drift.yml']
/** The days on whose mornings the nights end; daily_streaks is running meanwhile. */
const mornings = Array.from({ length: nights }, (_, night) => Date.UTC(2026, 5, 10) + night * dayMs)
const instantOf = (morning: number, time: string): string => `${dayOf(morning)}T${time}:00.000Z`
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** What stands after each night. */
interface Morning {
  readonly lastActiveDay: string
  readonly lastUserDay: string
  readonly asOf: readonly string[]
  readonly latestEvent: string
  readonly lastDrift: string
}

describe('the DAGs of the reference project', () => {
  const database = useTestDatabase()
  const root = mkdtempSync(join(tmpdir(), 'estimand-dags-'))
  const seen: Morning[] = []
  let warehouse: Warehouse
  // The clock goes on from where it was put last.
  let put = { to: mornings[0]!, at: 0 }
  const putClock = (time: string | number): void => {
    put = { to: new Date(time).getTime(), at: performance.now() }
  }
  const clock = (): Date => new Date(put.to + performance.now() - put.at)

  const environment = () => ({ ...cleanEnvironment(), DATABASE_URL: database.url, ESTIMAND_TARGET: 'server' })
  const surroundings = () =>
    fakeSurroundings({ workingDirectory: root, environment: environment(), clock, newId: randomUUID })
  const run = async (...argv: string[]): Promise<void> => {
    const around = surroundings()
    const code = await runCommandLine(argv, around)
    if (code !== 0) throw new Error(around.written.err)
  }
  const rows = async <Row extends Record<string, unknown>>(query: ReturnType<typeof sql>) =>
    (await warehouse.query<Row>(query)).rows

  /** A scheduler and a worker on the project, with its DAG files as they are. */
  const serve = async () => {
    const { config } = await readProject(root)
    const reading = readDags(root, config)
    expect(reading.problems.map(formatProblem)).toEqual([])
    const store = makeDagStore(warehouse, { project: config.name, schema: 'analytics' })
    await store.migrate()
    const shared = {
      ...{ store, clock, newId: randomUUID },
      startedBy: { host: 'here', user: 'ann', processId: process.pid },
    }
    const scheduler = makeScheduler({
      ...shared,
      readDags: () => reading,
      retention: { days: 1000, runs: 1000 },
      emit: () => {},
    })
    const worker = makeWorker({
      ...shared,
      slots: 2,
      pools: config.pools,
      execute: makeExecuteStep({
        ...{ root, targetPath: join(root, 'target'), clock, newId: randomUUID, flags: [] },
        environment: environment(),
        runWithin: (argv, changes) => runCommandLine(argv, { ...surroundings(), ...changes }),
      }),
      emit: () => {},
      after: (ms, body) => {
        const timer = setTimeout(body, ms)
        return () => clearTimeout(timer)
      },
    })
    /** Fires what is due and works until nothing is left to do. */
    const serveUntilDone = async (): Promise<void> => {
      await scheduler.tick()
      for (;;) {
        await worker.tick()
        const [left] = await rows<{ runs: number }>(sql`
          select count(*)::int as runs from estimand.dag_runs where status in ('queued', 'running')`)
        if (left!.runs === 0) return
        // Otherwise it would be tried again only when the minutes until then have really gone by.
        expect(
          await rows(sql`select step, message, log from estimand.dag_step_tries where status = 'failed'`),
        ).toEqual([])
        await worker.beat()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const stop = async (): Promise<void> => {
      await scheduler.standDown()
      await worker.drain()
      await worker.leave()
    }
    return { serveUntilDone, stop }
  }

  const look = async (): Promise<Morning> => {
    const [marts] = await rows<{ active: string; used: string; came: string; drift: string }>(sql`
      select
        (select max(date_day)::text from analytics.daily_active_users) as active,
        (select max(activity_date)::text from analytics.daily_user_metrics) as used,
        (select max(event_time at time zone 'UTC')::date::text from product.events) as came,
        (select max(as_of at time zone 'UTC')::date::text from analytics.session_drift) as drift`)
    const estimates = await rows<{ as_of: string }>(sql`
      select distinct (as_of at time zone 'UTC')::date::text as as_of from analytics.daily_streaks_monitor`)
    return {
      lastActiveDay: marts!.active,
      lastUserDay: marts!.used,
      asOf: estimates.map(({ as_of }) => as_of),
      latestEvent: marts!.came,
      lastDrift: marts!.drift,
    }
  }

  /** Takes the other worlds away, and analyses, also where the mart names them that shows them all. */
  const leaveOut = (): void => {
    for (const entry of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      const isOther = /^(models|pipelines)\/.*(b2b|spend|shop|ga4)[^/]*$/.test(entry)
      const isUnseen = /^analytics\/.*\.yml$/.test(entry) && !lookedAt.includes(basename(entry))
      if (isOther || isUnseen) rmSync(join(root, entry), { recursive: true, force: true })
    }
    rmSync(join(root, 'models', 'tests', 'tests.yml'))
    const mart = join(root, 'models', 'marts', 'experiment_summary.sql')
    const text = readFileSync(mart, 'utf8')
    writeFileSync(mart, text.replace(/set jobs = \[[^\]]*\]/, "set jobs = ['daily_streaks_monitor']"))
  }

  beforeAll(async () => {
    buildIfStale()
    for (const name of ['dags', 'models', 'macros', 'seeds', 'pipelines', 'analytics', 'project.yml'])
      cpSync(join(repository, name), join(root, name), { recursive: true })
    if (!isFull) leaveOut()
    symlinkSync(join(repository, 'bin'), join(root, 'bin'))
    const pipeline = join(root, 'pipelines', 'product.yml')
    writeFileSync(pipeline, readFileSync(pipeline, 'utf8').replace('events: 1000000', 'events: 12000'))
    warehouse = await connectWarehouse(database.connection, { threads: 3, applicationName: 'nights' })
    putClock(instantOf(mornings[0]!, '02:00'))
    await run('load', '--select', 'product_world')
  })
  afterAll(async () => {
    await warehouse?.close()
    rmSync(root, { recursive: true, force: true })
  })

  test(`go through ${nights} nights`, { timeout: 900_000 }, async () => {
    for (const [night, morning] of mornings.entries()) {
      // The first time they are there only after the night has begun, and make it up; the hour waits for that.
      putClock(instantOf(morning, night === 0 ? '03:40' : '03:20'))
      const { serveUntilDone, stop } = await serve()
      for (const time of ['03:30', '04:15']) {
        await serveUntilDone()
        if (clock().getTime() < Date.parse(instantOf(morning, time))) putClock(instantOf(morning, time))
        await serveUntilDone()
        if (time === '04:15') continue
        seen.push(await look())
      }
      await stop()
    }
  })

  test('make one run of each night, and of the hours that somebody was there for', async () => {
    const made = await rows<{ dag: string; start: string; end: string }>(sql`
      select dag, interval_start as start, interval_end as end
      from estimand.dag_runs order by dag desc, interval_end`)
    const iso = (time: unknown): string => new Date(time as string).toISOString()
    expect(made.map(({ dag, start, end }) => `${dag} ${iso(start)} ${iso(end)}`)).toEqual([
      ...mornings.map(
        (morning) => `nightly ${instantOf(morning - dayMs, '03:30')} ${instantOf(morning, '03:30')}`,
      ),
      ...mornings.flatMap((morning) => [
        `hourly ${instantOf(morning, '02:15')} ${instantOf(morning, '03:15')}`,
        `hourly ${instantOf(morning, '03:15')} ${instantOf(morning, '04:15')}`,
      ]),
    ])
  })

  test('succeed with each step at the first try, at the time of the clock', async () => {
    const failed = await rows(sql`
      select r.dag, r.interval_end, t.step, t.try, t.status, t.message
      from estimand.dag_runs as r
      join estimand.dag_step_tries as t using (dag_run_id)
      where r.status <> 'success' or t.status <> 'success' or t.try > 1 or t.cause <> 'first'`)
    expect(failed).toEqual([])
    const steps = await rows(sql`
      select dag, step, count(*)::int as tries,
        bool_and(r.cause = 'schedule' and r.instant = r.interval_end and r.stop_reason is null) as scheduled,
        bool_and(
          r.instant <= r.queued_at and r.queued_at <= r.started_at and r.started_at <= t.started_at
          and t.started_at < t.finished_at and t.finished_at <= r.finished_at
        ) as in_order,
        bool_and(r.finished_at < r.instant + interval '1 hour') as in_time
      from estimand.dag_runs as r
      join estimand.dag_step_tries as t using (dag_run_id)
      group by dag, step order by dag desc, min(t.started_at)`)
    const well = { scheduled: true, in_order: true, in_time: true }
    expect(steps).toEqual([
      ...['new_day', 'seeds', 'marts_and_analyses', 'drift', 'memo'].map((step) => ({
        ...{ dag: 'nightly', step, tries: nights },
        ...well,
      })),
      ...['freshness', 'running_experiments'].map((step) => ({
        ...{ dag: 'hourly', step, tries: 2 * nights },
        ...well,
      })),
    ])
    const runs = await rows(sql`
      select count(*)::int as runs,
        count(*) filter (where n.started_at >= t.started_at and n.finished_at <= t.finished_at)::int as within
      from estimand.dag_step_tries as t
      join estimand.runs as n using (run_id)
      where t.step in ('marts_and_analyses', 'drift', 'running_experiments') and n.status = 'success'`)
    expect(runs).toEqual([{ runs: 4 * nights, within: 4 * nights }])
  })

  test('bring the marts and the estimates on by a day each night', () => {
    expect(seen).toEqual(
      mornings.map((morning) => {
        const yesterday = dayOf(morning - dayMs)
        return {
          lastActiveDay: yesterday,
          lastUserDay: yesterday,
          asOf: [dayOf(morning)],
          latestEvent: yesterday,
          lastDrift: dayOf(morning),
        }
      }),
    )
    for (const morning of mornings)
      expect(existsSync(join(root, 'target', `daily_streaks_${dayOf(morning - dayMs)}.html`))).toBe(true)
  })

  test('look at the freshness of the data each hour', async () => {
    const logs = await rows<{ log: string }>(sql`
      select t.log
      from estimand.dag_runs as r
      join estimand.dag_step_tries as t using (dag_run_id)
      where t.step = 'freshness' order by r.interval_end`)
    const newest = logs.map(({ log }) => /FRESH +product\.events +newest row (\S{10})T/.exec(log)?.[1] ?? log)
    expect(newest).toEqual(
      mornings.flatMap((morning, night) => {
        const yesterday = dayOf(morning - dayMs)
        return [night === 0 ? yesterday : dayOf(morning - 2 * dayMs), yesterday]
      }),
    )
  })
})
