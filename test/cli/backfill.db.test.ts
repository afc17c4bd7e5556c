import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Session, sql, withWarehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, startEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
const folder = useProjectCopy('daily-shop')
const environment = () => ({ DATABASE_URL: database.url })
const run = (...args: string[]) => runEstimand(folder(), args, environment())
const inDatabase = <T>(body: (session: Session) => Promise<T>): Promise<T> =>
  withWarehouse(database.connection, { threads: 1, applicationName: 'estimand test' }, ({ control }) =>
    body(control),
  )

/** The days of which the table has rows, and those that its ledger says it holds. */
async function heldAndTold(table: string): Promise<{ readonly held: string[]; readonly told: string[] }> {
  return inDatabase(async (session) => {
    const { rows: there } = await session.query(sql`
      select from pg_catalog.pg_tables where schemaname = 'shop' and tablename = ${table}`)
    if (there.length === 0) return { held: [], told: [] }
    const { rows: held } = await session.query<{ day: string }>(sql`
      select to_char(at at time zone 'UTC', 'MM-DD') as day from ${sql.ident('shop', table)}
      group by 1 having count(*) = 2 order by 1`)
    const { rows: told } = await session.query<{ day: string }>(sql`
      select to_char(day at time zone 'UTC', 'MM-DD') as day
      from estimand.intervals,
        generate_series(from_time, to_time - interval '1 day', interval '1 day') as day
      where relation_name = ${table} order by 1`)
    return { held: held.map(({ day }) => day), told: told.map(({ day }) => day) }
  })
}

const january = ['--from', '2026-01-01', '--to', '2026-01-13']

describe('estimand backfill', () => {
  beforeEach(async () => {
    await inDatabase(async (session) => {
      for (const schema of ['shop', 'estimand'])
        await session.query(sql`drop schema if exists ${sql.ident(schema)} cascade`)
    })
    expect((await run('seed')).code).toBe(0)
  })

  it('says what it would build, as text and as data, and changes nothing', async () => {
    const { code, out } = await run('backfill', ...january, '--dry-run', '--publish-every', '5')
    expect(code).toBe(0)
    expect(out).toMatch(/^daily_orders +2026-01-01\.\.2026-01-13 +12 +3 +2026-01-01\.\.2026-01-13$/m)
    expect(out).toMatch(/^daily_amounts +2026-01-01\.\.2026-01-13 +1 +1 /m)
    expect(out).toMatch(/^13 batches of 2 models, in 4 publications\.\nNot built by time, .*: orders_now\.$/m)
    const json = await run('backfill', ...january, '--dry-run', '--output', 'json', '-s', 'daily_orders')
    expect(JSON.parse(json.out)).toMatchObject({
      models: [{ due: [{ from: '2026-01-01T00:00:00.000Z', to: '2026-01-13T00:00:00.000Z' }], done: [] }],
    })
    const made = await inDatabase((session) =>
      session.query(sql`select from pg_tables where tablename like 'daily%'`),
    )
    expect(made.rowCount).toBe(0)
  })

  it('tells of each publication, and leaves out next time what is built', async () => {
    const some = ['--from', '2026-01-03', '--to', '2026-01-06']
    const { code, out } = await run('backfill', '-s', 'daily_orders', ...some, '--publish-every', '2')
    expect(code).toBe(0)
    expect(out).toMatch(/^OK +daily_orders +2026-01-03\.\.2026-01-05 +2 batches +4 rows .* published$/m)
    expect(out).toMatch(/^OK +daily_orders +2026-01-05\.\.2026-01-06 +1 batch +2 rows .* published$/m)
    const results = JSON.parse(readFileSync(join(folder(), 'target', 'run_results.json'), 'utf8'))
    expect(results.results).toMatchObject([{ status: 'success' }])
    const plan = await run('plan', '-s', 'daily_orders', '--event-time-end', '2026-01-13')
    expect(plan.out).toMatch(
      /^daily_orders +builds +2026-01-01\.\.2026-01-03, 2026-01-06\.\.2026-01-13 +missing$/m,
    )
    expect((await run('backfill', ...january)).out).toMatch(/^ +daily_orders +9 batches, 18 rows$/m)
    const again = await run('backfill', ...january, '--output', 'json')
    expect(JSON.parse(again.out)).toMatchObject({
      status: 'success',
      models: [{ batches: { done: 0, total: 0 } }, { batches: { done: 0, total: 0 } }],
    })
    expect(await heldAndTold('daily_orders')).toMatchObject({ held: { length: 12 }, told: { length: 12 } })
  })

  it('refuses what it cannot build, and says why', async () => {
    const half = await run('backfill', '--from', '2026-01-03T05:00')
    expect(half).toMatchObject({ code: 2 })
    expect(half.err).toMatch(
      /--from 2026-01-03 05:00 lies within a day, and daily_orders is built by the day/,
    )
    const none = await run('backfill', '-s', 'orders_now')
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringMatching(/none of the selected models is built by time/),
    ])
  })

  it('plans in the order of the models, and leaves old times to the config', async () => {
    expect((await run('backfill', ...january)).code).toBe(0)
    const file = join(folder(), 'models', 'daily_orders.sql')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, before.replace('amount, at', 'amount + 0 as amount, at'))
    const { out } = await run('plan', '--event-time-end', '2026-01-13')
    writeFileSync(file, before)
    expect(out).toMatch(/^daily_orders +builds +2026-01-11\.\.2026-01-13 +again, for rows that came late$/m)
    expect(out).toMatch(
      /^ +keeps +2026-01-01\.\.2026-01-11 +built by an older version; on_change is forward_only$/m,
    )
    // What is made from it is old, too, and says that it wants to be built again.
    expect(out).toMatch(/^daily_amounts +builds +2026-01-01\.\.2026-01-13 +all of it$/m)
  })

  const slow = ['--vars', '{pause: 0.1}', '--threads', '2', '--publish-every', '2', '-s', 'daily_orders']

  it('stops at Ctrl-C and keeps what is published', async () => {
    const started = startEstimand(folder(), ['backfill', ...january, ...slow], environment())
    await started.said(/published\n/)
    started.process.kill('SIGINT')
    const { code, out } = await started.ended
    expect(code).toBe(1)
    expect(out).toMatch(
      /Cancelled in .*What is published stays; the same command goes on with what is left\.$/m,
    )
    const { held, told } = await heldAndTold('daily_orders')
    expect(told).toEqual(held)
    expect(held.length).toBeGreaterThanOrEqual(2)
    expect(held.length).toBeLessThan(12)
  })

  it('may be killed at any moment: the ledger says what the table holds, and the next one goes on', async () => {
    const moments = 12
    let resumed = 0
    for (let moment = 0; moment < moments; moment++) {
      const started = startEstimand(folder(), ['backfill', ...january, ...slow], environment())
      // Half of the moments come before anything is published, half soon after something was.
      await Promise.race([started.said(moment % 2 === 0 ? /Connecting/ : /published\n/), started.ended])
      await sleep((moment * 137) % 400)
      started.process.kill('SIGKILL')
      await started.ended
      const days = await heldAndTold('daily_orders')
      expect(days.told).toEqual(days.held)
      const { length } = days.held
      if (length > 0 && length < 12) resumed++
      // Nothing would be left to be killed.
      if (length >= 10) await inDatabase((session) => session.query(sql`drop table shop.daily_orders`))
    }
    expect(resumed).toBeGreaterThan(0)
    expect((await run('backfill', ...january)).code).toBe(0)
    const filled = await rowsOf('daily_orders')
    expect(
      (await run('run', '-s', 'daily_orders', '--full-refresh', '--event-time-end', '2026-01-13')).code,
    ).toBe(0)
    expect(filled).toEqual(await rowsOf('daily_orders'))
    console.log(`killed a backfill at ${moments} moments, ${resumed} of them with a part published`)
  }, 300_000)
})

function rowsOf(table: string): Promise<unknown[]> {
  return inDatabase(async (session) => {
    const { rows } = await session.query(sql`select * from ${sql.ident('shop', table)} order by id`)
    return rows
  })
}
