import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DagRun } from '../../src/store/dags/index.ts'
import { type Session, sql, withWarehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, type Started, startEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
const folder = useProjectCopy('daily-shop')
const environment = () => ({ DATABASE_URL: database.url })
const run = (...args: string[]) => runEstimand(folder(), args, environment())
const start = (...args: string[]) => startEstimand(folder(), args, environment())
const inDatabase = <T>(body: (session: Session) => Promise<T>): Promise<T> =>
  withWarehouse(database.connection, { threads: 1, applicationName: 'estimand test' }, ({ control }) =>
    body(control),
  )
const runsOf = async (...args: string[]): Promise<DagRun[]> =>
  JSON.parse((await run('runs', 'list', '--output', 'json', ...args)).out).runs

function declare(name: string, text: string): void {
  mkdirSync(join(folder(), 'dags'), { recursive: true })
  writeFileSync(join(folder(), 'dags', `${name}.yml`), text)
}

async function untilRuns(isSo: (runs: readonly DagRun[]) => boolean, what: string): Promise<DagRun[]> {
  for (let tries = 0; tries < 90; tries++) {
    const runs = await runsOf()
    if (isSo(runs)) return runs
    await sleep(300)
  }
  throw new Error(`no ${what}: ${JSON.stringify(await runsOf())}`)
}

async function ended({ process, ended: end }: Started, signal: NodeJS.Signals) {
  process.kill(signal)
  const late = setTimeout(() => process.kill('SIGKILL'), 30_000)
  return end.finally(() => clearTimeout(late))
}

beforeEach(async () => {
  rmSync(join(folder(), 'dags'), { recursive: true, force: true })
  await inDatabase(async (session) => {
    for (const schema of ['shop', 'estimand'])
      await session.query(sql`drop schema if exists ${sql.ident(schema)} cascade`)
  })
})

describe('estimand dag run', () => {
  it('carries the steps out in order and keeps how each went', async () => {
    declare(
      'nightly',
      'schedule: "@daily"\nsteps:\n  - seed: []\n  - build: []\n  - command: echo "day {{ ds }} on $ESTIMAND_TARGET" > told.txt\n',
    )
    const interval = ['--from', '2026-01-02', '--to', '2026-01-03']
    const { code, out } = await run('dag', 'run', 'nightly', '--target', 'test', ...interval)
    expect(out).toContain('nightly success')
    expect(code).toBe(0)
    expect(readFileSync(join(folder(), 'told.txt'), 'utf8')).toBe('day 2026-01-02 on test\n')
    const [known] = await runsOf()
    expect(known).toMatchObject({
      cause: 'manual',
      status: 'success',
      intervalStart: '2026-01-02T00:00:00.000Z',
      steps: [{ step: 'seed' }, { step: 'build' }, { step: 'command', runId: expect.any(String) }],
    })
    const shown = await run('runs', 'show', known!.dagRunId.slice(0, 8))
    expect(shown.out).toMatch(/model\.daily_shop\.daily_orders +success +[\d.]+s/)
    const logs = await run('runs', 'logs', known!.dagRunId, '--step', 'build')
    expect(logs.out).toMatch(/── build, try 1, success\n[\s\S]*shop\.daily_orders/)
    const artifact = join(folder(), 'target', 'dag-runs', known!.dagRunId, 'build.1', 'run_results.json')
    expect(JSON.parse(readFileSync(artifact, 'utf8')).metadata.invocation_id).toBe(known!.steps[1]!.runId)
  })

  it('tries a step again, and goes on where a run failed when it is asked to', async () => {
    declare(
      'nightly',
      'retries: 1\nretry_delay: 0s\nsteps:\n  - seed: []\n  - command: test -e there\n  - command: "true"\n',
    )
    const { code, out } = await run('dag', 'run', 'nightly')
    expect(code).toBe(1)
    expect(out).toMatch(/nightly failed\ncommand failed: exit code 1\nestimand runs retry \w{8} goes on/)
    const [failed] = await runsOf('--status', 'failed')
    expect(failed!.steps.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual([
      'success 1',
      'failed 2',
      'skipped 0',
    ])
    writeFileSync(join(folder(), 'there'), '')
    const again = await run('runs', 'retry', failed!.dagRunId.slice(0, 8))
    expect(again.out).toContain('nightly success')
    const shown = JSON.parse((await run('runs', 'show', failed!.dagRunId, '--output', 'json')).out)
    expect(shown.tries.map((one: { step: string; cause: string }) => `${one.step} ${one.cause}`)).toEqual([
      'seed first',
      'command first',
      'command retry',
      'command asked',
      'command_2 first',
    ])
    expect((await run('runs', 'retry', failed!.dagRunId)).code).toBe(2)
    rmSync(join(folder(), 'there'))
  })

  it('cancels the run on Ctrl-C', async () => {
    declare('nightly', 'steps:\n  - command: sleep 60\n  - command: "true"\n')
    const started = start('dag', 'run', 'nightly')
    await started.said(/command: begins/)
    expect((await ended(started, 'SIGINT')).code).toBe(1)
    expect(await runsOf()).toMatchObject([
      { status: 'cancelled', steps: [{ status: 'cancelled' }, { status: 'cancelled' }] },
    ])
  })
})

describe('estimand dag backfill', () => {
  it('makes a run for each interval that is not done, some at a time, and goes on with what is left', async () => {
    declare(
      'nightly',
      'schedule: "0 2 * * *"\nsteps:\n  - command: test "{{ ds }}" != 2026-01-03 || test -e there\n',
    )
    const january = ['nightly', '--from', '2026-01-01', '--to', '2026-01-08']
    const dry = await run('dag', 'backfill', ...january, '--dry-run')
    expect(dry.out).toMatch(/^2026-01-01T02:00:00.000Z to 2026-01-02T02:00:00.000Z\n[\s\S]*\n6 runs\n$/)
    expect(await runsOf()).toEqual([])
    const first = await run('dag', 'backfill', ...january, '--parallel', '3')
    expect(first.out).toMatch(/^5 of 6 runs succeeded, 1 not/)
    expect(first.code).toBe(1)
    writeFileSync(join(folder(), 'there'), '')
    expect((await run('dag', 'backfill', ...january)).out).toBe('1 of 1 run succeeded\n')
    expect((await run('dag', 'backfill', ...january)).out).toBe('0 runs, 6 intervals done already\n')
    const batched = await run('dag', 'backfill', ...january, '--force', '--batch', '4', '--dry-run')
    expect(batched.out).toMatch(/^2026-01-01T02:00:00.000Z to 2026-01-05T02:00:00.000Z\n[\s\S]*\n2 runs\n$/)
    rmSync(join(folder(), 'there'))
  })
})

describe('estimand scheduler', () => {
  it('fires schedules, tells what is wrong with a file, leaves paused DAGs alone, and ends on SIGTERM', async () => {
    declare('ticking', 'schedule: "* * * * * *"\nmax_active_runs: 3\nsteps:\n  - command: "true"\n')
    declare('after', 'triggers: { after: ticking }\nsteps:\n  - command: "true"\n')
    declare('resting', 'schedule: "* * * * * *"\nsteps:\n  - command: "true"\n')
    declare('wrong', 'schedule: "61 * * * *"\nsteps:\n  - command: "true"\n')
    expect((await run('dag', 'pause', 'resting')).code).toBe(0)
    const scheduler = start('scheduler')
    await scheduler.said(/dags\/wrong\.yml:1:11/)
    const runs = await untilRuns(
      (all) => all.filter(({ dag, status }) => dag === 'after' && status === 'success').length >= 2,
      'runs after others',
    )
    expect(runs.filter(({ dag }) => dag === 'resting')).toEqual([])
    expect(runs.find(({ dag }) => dag === 'after')).toMatchObject({ cause: 'after_dag' })
    declare('added', 'schedule: "* * * * * *"\nsteps:\n  - command: "true"\n')
    await untilRuns((all) => all.some(({ dag }) => dag === 'added'), 'runs of a DAG that was added')
    expect((await ended(scheduler, 'SIGTERM')).code).toBe(0)
    const all = await inDatabase((session) =>
      session.query<{ runs: number; instants: number; gaps: number }>(sql`
        select count(*)::int as runs, count(distinct instant)::int as instants,
          count(*) filter (where instant - before <> interval '1 second')::int as gaps
        from (
          select instant, lag(instant) over (order by instant) as before
          from estimand.dag_runs where dag = 'ticking'
        ) as ticks`),
    )
    const [{ runs: made, instants, gaps }] = all.rows as [{ runs: number; instants: number; gaps: number }]
    expect(made).toBe(instants)
    expect(gaps).toBe(0)
  })

  it('that is killed is followed by another, which fires each instant once', async () => {
    declare('ticking', 'schedule: "* * * * * *"\nmax_active_runs: 9\nsteps:\n  - command: "true"\n')
    const first = start('scheduler', '--slots', '0')
    await first.said(/this scheduler fires/)
    const second = start('scheduler')
    await second.said(/worker/)
    await untilRuns((all) => all.some(({ status }) => status === 'success'), 'run by the other one')
    await ended(first, 'SIGKILL')
    await second.said(/this scheduler fires/)
    const before = (await runsOf('--limit', '1'))[0]!.instant!
    await untilRuns((all) => all[0]!.instant! > before, 'run after the kill')
    await ended(second, 'SIGTERM')
    const { rows } = await inDatabase((session) =>
      session.query<{ made: number; wanted: number }>(sql`
        select count(*)::int as made, extract(epoch from max(instant) - min(instant))::int + 1 as wanted
        from estimand.dag_runs where dag = 'ticking'`),
    )
    expect(rows[0]!.made).toBe(rows[0]!.wanted)
  })
})

describe('estimand worker', () => {
  it('goes on from the nodes that a killed one had built', async () => {
    expect((await run('seed')).code).toBe(0)
    declare('nightly', 'vars: { pause: 1 }\nsteps:\n  - build: []\n')
    // Nodes behind one that takes long: what is before it is built when the worker is killed.
    writeFileSync(
      join(folder(), 'models', 'slow.sql'),
      "{{ config(materialized='table') }}\nselect count(*) as n from {{ ref('quick') }}, pg_sleep(4)\n",
    )
    writeFileSync(
      join(folder(), 'models', 'quick.sql'),
      "{{ config(materialized='table') }}\nselect * from {{ ref('events') }}\n",
    )
    const queued = await run('dag', 'run', 'nightly', '--queue', '--vars', '{pause: 0}')
    const id = queued.out.trim()
    const first = start('worker')
    await first.said(/build: begins/)
    await expect
      .poll(async () => kept(), { timeout: 30_000, interval: 50 })
      .toContain('model.daily_shop.quick')
    await ended(first, 'SIGKILL')
    const second = start('worker')
    await second.said(/build: begins \(take over\)/)
    const [over] = await untilRuns(([one]) => one!.status !== 'running', 'end')
    expect((await ended(second, 'SIGTERM')).code).toBe(0)
    expect(over!.status).toBe('success')
    const shown = JSON.parse((await run('runs', 'show', id, '--output', 'json')).out)
    expect(shown.tries).toMatchObject([
      { status: 'lost', cause: 'first' },
      { status: 'success', cause: 'take_over' },
    ])
    const built = shown.nodes.map(({ nodeId }: { nodeId: string }) => nodeId)
    expect(built).toContain('model.daily_shop.slow')
    expect(built).not.toContain('model.daily_shop.quick')
    const logs = await run('runs', 'logs', id)
    expect(logs.out).toMatch(/going on with the run before: [1-9]\d* of \d+ nodes are done/)
    const { rows } = await inDatabase((session) => session.query(sql`select n::int from shop.slow`))
    expect(rows).toEqual([{ n: 24 }])
    rmSync(join(folder(), 'models', 'slow.sql'))
    rmSync(join(folder(), 'models', 'quick.sql'))
  })
})

async function kept(): Promise<string[]> {
  const { rows } = await inDatabase((session) =>
    session.query<{ node_id: string }>(sql`select node_id from estimand.kept_builds`),
  )
  return rows.map(({ node_id }) => node_id)
}
