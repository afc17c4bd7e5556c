import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SQLQuery, sql, withWarehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, type Started, startEstimand, useProjectCopy } from './spawn-estimand.ts'

/*
 * Ends of runs that nobody wishes for: cancelled, too late, its worker stopped, killed or asked to go; and what is
 * forgotten afterwards.
 */

const database = useTestDatabase()
const folder = useProjectCopy('daily-shop')
const environment = () => ({ DATABASE_URL: database.url })
const run = (...args: string[]) => runEstimand(folder(), args, environment())
const running: Started[] = []
const start = (...args: string[]): Started => {
  const started = startEstimand(folder(), args, environment())
  running.push(started)
  return started
}
const rows = <Row extends Record<string, unknown>>(query: SQLQuery): Promise<Row[]> =>
  withWarehouse(database.connection, { threads: 1, applicationName: 'estimand test' }, async (warehouse) => [
    ...(await warehouse.query<Row>(query)).rows,
  ])
const place = (name: string): string => join(folder(), name)

function declare(name: string, text: string): void {
  mkdirSync(place('dags'), { recursive: true })
  writeFileSync(join(place('dags'), `${name}.yml`), text)
}

/** How the tries of all steps went, in the order in which they began. */
const tries = async (): Promise<string[]> => {
  const found = await rows<{ step: string; cause: string; status: string }>(
    sql`select step, cause, status from estimand.dag_step_tries order by started_at, try`,
  )
  return found.map(({ step, cause, status }) => `${step} ${cause} ${status}`)
}
const statuses = async (): Promise<string[]> =>
  (await rows<{ status: string }>(sql`select status from estimand.dag_runs order by interval_end`)).map(
    ({ status }) => status,
  )

async function ended({ process, ended: end }: Started, signal: NodeJS.Signals) {
  process.kill(signal)
  const late = setTimeout(() => process.kill('SIGKILL'), 30_000)
  return end.finally(() => clearTimeout(late))
}

/** Waits until somebody lets it, so that what a test does meanwhile needs no time to be right. */
const untilThere =
  'steps:\n  - name: wait\n    command: echo . >> begun; until test -e there; do sleep 0.1; done\n'
const begun = () => (existsSync(place('begun')) ? readFileSync(place('begun'), 'utf8').length / 2 : 0)

beforeEach(async () => {
  for (const name of ['dags', 'there', 'begun', 'target'])
    rmSync(place(name), { recursive: true, force: true })
  await rows(sql`drop schema if exists estimand cascade`)
})

// What a test has left running would take the steps of the next.
afterEach(() => {
  for (const { process } of running.splice(0)) process.kill('SIGKILL')
})

describe('a run', () => {
  it('that is cancelled by command ends, also what is at work in a worker', async () => {
    declare('nightly', `${untilThere}  - command: "true"\n`)
    const id = (await run('dag', 'run', 'nightly', '--queue')).out.trim()
    const worker = start('worker')
    await worker.said(/wait: begins/)
    const cancelled = await run('runs', 'cancel', id.slice(0, 8))
    expect(cancelled).toMatchObject({ code: 0, err: expect.stringContaining('is being ended') })
    await worker.said(/wait: cancelled: its run was cancelled/)
    expect(await rows(sql`select step, status from estimand.dag_run_steps order by position`)).toEqual([
      { step: 'wait', status: 'cancelled' },
      { step: 'command', status: 'cancelled' },
    ])
    expect(await run('runs', 'cancel', id)).toMatchObject({ code: 1 })
    expect((await ended(worker, 'SIGTERM')).code).toBe(0)
    expect(await statuses()).toEqual(['cancelled'])
  })

  it('fails where a step, or it as a whole, takes longer than it may', async () => {
    declare('slow', 'timeout: 0.5s\nsteps:\n  - command: sleep 60\n')
    declare('late', 'deadline: 0.5s\nretries: 5\nretry_delay: 0s\nsteps:\n  - command: sleep 60\n')
    const slow = await run('dag', 'run', 'slow')
    expect(slow).toMatchObject({
      code: 1,
      out: expect.stringContaining('it took longer than its 0.5 seconds'),
    })
    const late = await run('dag', 'run', 'late')
    expect(late).toMatchObject({
      code: 1,
      out: expect.stringContaining('the deadline of its run has passed'),
    })
    expect(await tries()).toEqual(['command first failed', 'command first cancelled'])
    expect((await run('runs', 'list')).out).toMatch(/late +failed[\s\S]*slow +failed/)
  })

  it("has its own results and nobody else's, and says no secret that is known to be one", async () => {
    declare('nightly', 'steps:\n  - seed: []\n')
    const made = async (): Promise<string> =>
      JSON.parse((await run('dag', 'run', 'nightly', '--output', 'json')).out).dagRunId
    const artifact = (id: string) => place(join('target', 'dag-runs', id, 'seed.1', 'run_results.json'))
    expect(existsSync(artifact(await made()))).toBe(true)
    const model = readFileSync(place('models/daily_orders.sql'), 'utf8')
    writeFileSync(place('models/daily_orders.sql'), "select * from {{ ref('nothing') }}")
    expect(existsSync(artifact(await made()))).toBe(false)
    writeFileSync(place('models/daily_orders.sql'), model)

    declare(
      'telling',
      'steps:\n  - command: echo "postgres://ann:geheim@db/shop $ESTIMAND_ENV_SECRET_KEY"; false\n',
    )
    await runEstimand(folder(), ['dag', 'run', 'telling'], {
      ...environment(),
      ESTIMAND_ENV_SECRET_KEY: 'verborgen',
    })
    expect(await rows(sql`select message, log from estimand.dag_step_tries where step = 'command'`)).toEqual([
      { message: 'postgres://ann:***@db/shop *****', log: 'postgres://ann:***@db/shop *****\n' },
    ])
  })

  it('ends well where nobody takes what is told of it, which the log says without address and key', async () => {
    // It takes what it is sent and never answers.
    const hanging = createServer(() => {})
    await new Promise<void>((resolve) => hanging.listen(0, resolve))
    const { port } = hanging.address() as AddressInfo
    declare('nightly', 'steps:\n  - command: "true"\n')
    const told = await runEstimand(folder(), ['dag', 'run', 'nightly'], {
      ...environment(),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OPENLINEAGE_URL: 'http://127.0.0.1:9',
      OPENLINEAGE_API_KEY: 'geheim\nverborgen',
    })
    hanging.closeAllConnections()
    hanging.close()
    expect(told).toMatchObject({ code: 0, out: expect.stringContaining('nightly success') })
    const log = readFileSync(place('logs/estimand.log'), 'utf8')
    expect(log).toMatch(/OpenTelemetry: 2 spans lost: /)
    expect(log).toMatch(/OpenLineage: \w+/)
    expect(log).not.toMatch(/geheim|verborgen/)
    const wrong = await runEstimand(folder(), ['dag', 'run', 'nightly'], {
      ...environment(),
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OPENLINEAGE_URL: 'https://ann:geheim@catalogue',
    })
    expect(wrong).toMatchObject({ code: 0, err: expect.stringContaining('so no spans are sent') })
    expect(wrong.err).toContain('OPENLINEAGE_URL is no address by http without a password')
    expect(wrong.err).not.toContain('geheim')
  })

  it('that waits for another says for which, and until when', async () => {
    declare('loads', 'schedule: "@daily"\nsteps:\n  - command: "true"\n')
    declare('nightly', 'schedule: "@daily"\ndepends_on: loads\nsteps:\n  - command: "true"\n')
    const id = (
      await run('dag', 'run', 'nightly', '--queue', '--from', '2026-01-01', '--to', '2026-01-02')
    ).out.trim()
    const waits = 'waits for loads of 2026-01-02 00:00, which has no run yet; as long as it takes'
    expect((await run('runs', 'list')).out).toContain(waits)
    expect((await run('runs', 'show', id)).out).toContain(`held back      ${waits}`)
  })
})

describe('a worker', () => {
  it('that has nothing to do compiles ahead what the next run of a schedule needs', async () => {
    declare('nightly', 'schedule: "@daily"\nvars: { pause: 0 }\nsteps:\n  - seed: []\n  - command: "true"\n')
    const worker = start('worker')
    await expect
      .poll(() => existsSync(place('target/dags/nightly/seed/partial_parse.bin')), { timeout: 30_000 })
      .toBe(true)
    expect((await ended(worker, 'SIGTERM')).code).toBe(0)
    expect(readdirSync(place('target/dags/nightly'))).toEqual(['seed'])
    const queued = ['--queue', '--from', '2026-01-01', '--to', '2026-01-02']
    await run('dag', 'run', 'nightly', ...queued)
    const next = start('worker')
    await next.said(/run \S+ success/)
    await ended(next, 'SIGTERM')
    expect(readFileSync(place('target/dags/nightly/seed/logs/estimand.log'), 'utf8')).not.toContain(
      'compiled anew',
    )
  })

  it('that ends gives back what it cannot end within --grace', async () => {
    declare('nightly', untilThere)
    await run('dag', 'run', 'nightly', '--queue')
    const first = start('worker', '--grace', '0.5')
    await first.said(/wait: begins/)
    const { code, err } = await ended(first, 'SIGTERM')
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining('goes to other workers'),
    })
    expect(await tries()).toEqual(['wait first lost'])
    writeFileSync(place('there'), '')
    const second = start('worker')
    await second.said(/run \S+ success/)
    expect((await ended(second, 'SIGTERM')).code).toBe(0)
    expect(await tries()).toEqual(['wait first lost', 'wait take_over success'])
  })

  it('that was stopped for so long that another has its step does nothing more with it', async () => {
    declare('nightly', untilThere)
    await run('dag', 'run', 'nightly', '--queue')
    const first = start('worker')
    await first.said(/wait: begins/)
    await expect.poll(begun).toBe(1)
    first.process.kill('SIGSTOP')
    await rows(sql`update estimand.workers set heartbeat_at = heartbeat_at - interval '2 minutes'`)
    const second = start('worker')
    await second.said(/wait: begins \(take over\)/)
    writeFileSync(place('there'), '')
    await second.said(/run \S+ success/)
    first.process.kill('SIGCONT')
    await first.said(/taken for dead|another has it/)
    expect((await ended(first, 'SIGTERM')).code).toBe(0)
    expect((await ended(second, 'SIGTERM')).code).toBe(0)
    expect(begun()).toBe(2)
    expect(await tries()).toEqual(['wait first lost', 'wait take_over success'])
    expect(await statuses()).toEqual(['success'])
  })
})

describe('a backfill', () => {
  it('that was killed goes on with what is left', async () => {
    declare('nightly', 'schedule: "@daily"\nsteps:\n  - command: echo "{{ ds }}" >> begun; sleep 0.3\n')
    const january = ['dag', 'backfill', 'nightly', '--from', '2026-01-01', '--to', '2026-01-09']
    const first = start(...january, '--parallel', '2')
    await first.said(/2026-01-02T00:00:00.000Z to \S+: success/)
    await ended(first, 'SIGKILL')
    const again = await run(...january, '--parallel', '4')
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('runs succeeded') })
    expect(await statuses()).toEqual(Array(8).fill('success'))
    const succeeded = (await tries()).filter((one) => one.endsWith('success'))
    expect(succeeded).toHaveLength(8)
  })
})

describe('a scheduler', () => {
  it('starts a DAG when a load has brought rows, and not again for the same', async () => {
    mkdirSync(place('pipelines'), { recursive: true })
    writeFileSync(
      place('pipelines/visits.yml'),
      'loads:\n  - name: visits\n    kind: files\n    from: visits.csv\n    tables:\n' +
        '      - name: visits\n        schema: raw\n        columns: [{ name: n, type: int }]\n',
    )
    writeFileSync(place('visits.csv'), 'n\n1\n')
    declare('following', 'triggers: { new_data: raw.visits }\nsteps:\n  - command: "true"\n')
    const scheduler = start('scheduler')
    await scheduler.said(/this scheduler fires/)
    await scheduler.said(/1 DAG/)
    expect((await run('load', '--select', 'visits')).code).toBe(0)
    await scheduler.said(/following: new data/)
    await scheduler.said(/following: run \S+ success/)
    expect((await ended(scheduler, 'SIGTERM')).code).toBe(0)
    expect(await rows(sql`select cause, status from estimand.dag_runs`)).toEqual([
      { cause: 'new_data', status: 'success' },
    ])
    rmSync(place('pipelines'), { recursive: true })
  })

  it('warns of a trigger that waits for a source under a name that nothing is loaded to', async () => {
    writeFileSync(
      place('models/renamed.yml'),
      'sources:\n  - { name: bank, schema: raw_bank, tables: [{ name: payments }] }\n',
    )
    declare('following', 'triggers: { new_data: [bank, shop] }\nsteps:\n  - command: "true"\n')
    const scheduler = start('scheduler')
    await scheduler.said(/the trigger cannot follow source 'bank'/)
    const { code, err } = await ended(scheduler, 'SIGTERM')
    expect(code).toBe(0)
    expect(err.match(/the trigger/g)).toHaveLength(1)
    rmSync(place('models/renamed.yml'))
  })

  it('forgets old runs but for the last ones, and deletes their artifacts', async () => {
    declare('nightly', 'schedule: "@daily"\npaused: true\nsteps:\n  - seed: []\n')
    const ids: string[] = []
    for (const day of [1, 2, 3]) {
      const interval = ['--from', `2026-01-0${day}`, '--to', `2026-01-0${day + 1}`, '--output', 'json']
      const { out } = await run('dag', 'run', 'nightly', ...interval)
      ids.push(JSON.parse(out).dagRunId)
    }
    const artifacts = (id: string) => place(join('target', 'dag-runs', id))
    expect(ids.map((id) => existsSync(join(artifacts(id), 'seed.1', 'manifest.json')))).toEqual([
      true,
      true,
      true,
    ])
    await rows(sql`
      update estimand.dag_runs
      set queued_at = queued_at - interval '3 days', finished_at = finished_at - interval '3 days'
      where interval_end < '2026-01-04'`)
    const old = new Date(Date.now() - 3 * 86_400_000)
    for (const id of ids) utimesSync(artifacts(id), old, old)
    const keep = ['--keep-days', '1', '--keep-runs', '2']
    const scheduler = start('scheduler', ...keep)
    await scheduler.said(/old runs forgotten: 1/)
    await ended(scheduler, 'SIGTERM')
    const next = start('scheduler', ...keep)
    await next.said(/artifacts of forgotten runs deleted: 1/)
    await ended(next, 'SIGTERM')
    expect(ids.map((id) => existsSync(artifacts(id)))).toEqual([false, true, true])
    const left = await rows<{ id: string }>(
      sql`select dag_run_id::text as id from estimand.dag_runs order by interval_end`,
    )
    expect(left.map(({ id }) => id)).toEqual(ids.slice(1))
  })
})
