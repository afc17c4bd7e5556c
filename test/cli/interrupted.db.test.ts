import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectWarehouse, type SQLQuery, sql, type Warehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, type Started, startEstimand, useProjectCopy } from './spawn-estimand.ts'

/*
 * Runs that are interrupted, as processes of their own on a real server: what they leave, and what the next one finds.
 */

const folder = useProjectCopy('small-shop')
const database = useTestDatabase()
let warehouse: Warehouse

const slow = `{{ config(materialized='table') }}
select '{{ var("who", "nobody") }}' as who, pg_sleep({{ var("seconds", 60) }})::text as slept`

beforeAll(async () => {
  warehouse = await connectWarehouse(database.connection, { threads: 1, applicationName: 'looking on' })
  writeFileSync(join(folder(), 'models', 'a_slow.sql'), slow)
  writeFileSync(join(folder(), 'models', 'b_reader.sql'), "select * from {{ ref('a_slow') }}\n")
})
afterAll(() => warehouse?.close())

const rows = async (query: SQLQuery) => (await warehouse.query<Record<string, unknown>>(query)).rows
const value = async (query: SQLQuery) => Object.values((await rows(query))[0] ?? {})[0]
const environment = () => ({ DATABASE_URL: database.url })
const selection = ['--select', 'a_slow', 'b_reader', 'stg_orders']
const vars = (values: object) => ['--vars', JSON.stringify(values)]
const start = (...flags: string[]) =>
  startEstimand(folder(), ['run', ...selection, '--threads', '2', ...flags], environment())
const finish = (...flags: string[]) =>
  runEstimand(folder(), ['run', ...selection, ...vars({ who: 'next', seconds: 0 }), ...flags], environment())

const sleeping = () =>
  value(sql`
    select count(*)::int from pg_stat_activity
    where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and query like '%pg_sleep(%'`)
const buildSchemas = () =>
  value(sql`select count(*)::int from pg_namespace where nspname like 'estimand_build%'`)
const lastStatus = (status: string) =>
  value(sql`select count(*)::int from estimand.runs where status = ${status}`)

/** Starts a run and waits until its statement is at work on the server. */
async function startSlow(...flags: string[]): Promise<Started> {
  const started = start(...flags)
  await expect.poll(sleeping, { timeout: 60_000 }).toBe(1)
  return started
}

beforeEach(async () => {
  await rows(sql`drop schema if exists estimand cascade`)
  await rows(sql`drop schema if exists shop cascade`)
  expect((await runEstimand(folder(), ['seed'], environment())).code).toBe(0)
})

describe('Ctrl-C', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'once (%s) cancels on the server and says what was done',
    async (signal) => {
      const started = await startSlow()
      const from = performance.now()
      started.process.kill(signal)
      const { code, out } = await started.ended
      expect(code).toBe(1)
      expect(performance.now() - from).toBeLessThan(30_000)
      expect(out).toContain('cancelling; press again to leave at once')
      expect(await sleeping()).toBe(0)
      expect(await buildSchemas()).toBe(0)
      expect(await lastStatus('cancelled')).toBe(1)
      expect(await value(sql`select to_regclass('shop.a_slow')::text`)).toBeNull()
      const { results } = JSON.parse(readFileSync(join(folder(), 'target', 'run_results.json'), 'utf8'))
      const told = Object.fromEntries(
        results.map(({ unique_id, status, message }: Record<string, string>) => [
          unique_id,
          [status, message],
        ]),
      )
      expect(told['model.small_shop.a_slow']).toEqual(['error', expect.stringContaining('cancelled')])
      expect(told['model.small_shop.b_reader']).toEqual(['skipped', null])
      expect(told['model.small_shop.stg_orders']).toEqual([
        'success',
        expect.stringContaining('not published, because the run was cancelled'),
      ])
    },
  )

  it('twice leaves at once; the next run ends what is left at work and drops what was built', async () => {
    const started = await startSlow()
    started.process.kill('SIGINT')
    // Two of one kind that come together count as one.
    started.process.kill('SIGTERM')
    expect((await started.ended).code).toBe(130)
    const { code, out } = await finish()
    expect(code, out).toBe(0)
    expect(await sleeping()).toBe(0)
    expect(await buildSchemas()).toBe(0)
    expect(await lastStatus('abandoned')).toBe(1)
    expect(await value(sql`select who from shop.a_slow`)).toBe('next')
  })

  it('in the queue leaves it', async () => {
    const first = await startSlow()
    const second = start()
    await second.said(/Waiting for another run to finish/)
    second.process.kill('SIGINT')
    expect((await second.ended).code).toBe(1)
    expect(await value(sql`select count(*)::int from estimand.leases`)).toBe(1)
    first.process.kill('SIGINT')
    await first.ended
  })
})

describe('a process', () => {
  it('that is killed keeps nobody waiting, and its run counts as abandoned', async () => {
    const started = await startSlow()
    started.process.kill('SIGKILL')
    await started.ended
    const { code, out } = await finish('--wait-timeout', '20')
    expect(code, out).toBe(0)
    expect(out).toContain('left behind by a run that was cut off')
    expect(await sleeping()).toBe(0)
    expect(await buildSchemas()).toBe(0)
    expect(await lastStatus('abandoned')).toBe(1)
  })

  it('that is killed is cleared away by a run on something else, too', async () => {
    const started = await startSlow()
    started.process.kill('SIGKILL')
    await started.ended
    const { code, out } = await runEstimand(folder(), ['seed'], environment())
    expect(code, out).toBe(0)
    expect(await sleeping()).toBe(0)
    expect(await buildSchemas()).toBe(0)
    expect(await lastStatus('abandoned')).toBe(1)
  })

  it.each([
    ['its connection for control', sql`query not like '%pg_sleep(%'`],
    ['all of its connections', sql`true`],
  ])('that is stopped and loses %s publishes nothing when it goes on', async (_what, which) => {
    const stopped = await startSlow(...vars({ who: 'stopped', seconds: 3 }))
    stopped.process.kill('SIGSTOP')
    await rows(sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'estimand run' and ${which}`)
    const { code, out } = await finish('--wait-timeout', '20')
    expect(code, out).toBe(0)
    expect(await value(sql`select who from shop.a_slow`)).toBe('next')
    stopped.process.kill('SIGCONT')
    const ended = await stopped.ended
    expect(ended.code).toBe(1)
    expect(ended.out + ended.err).toContain('[run-superseded]')
    expect(await value(sql`select who from shop.a_slow`)).toBe('next')
    expect(await buildSchemas()).toBe(0)
    expect(await rows(sql`select status from estimand.runs order by started_at`)).toEqual([
      { status: 'success' },
      { status: 'abandoned' },
      { status: 'success' },
    ])
  })
})
