import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SQLQuery, sql } from '../src/warehouse/index.ts'
import { runProject, useProjectDatabase } from './run/run-project.ts'

// The reference project night by night: what comes to the product in a day, some of it late, and an increment of each
// model. In the end every table has to be, byte for byte, what building it from the whole history gives.

const repository = join(import.meta.dirname, '..')
const firstDay = '2026-02-01'
/** Days of history before the first night, and nights; experiments run meanwhile, and one has ended before. */
const history = 115
const nights = 5
const models = {
  intermediate: [
    'int_sessions',
    'int_orders',
    'int_session_funnels',
    'int_daily_funnels',
    'int_user_totals',
    'int_experiment_units',
  ],
  marts: [
    'daily_user_metrics',
    'daily_active_users',
    'revenue_per_user',
    'retention_cohorts',
    'retention_milestones',
    'funnel_metrics',
    'experiment_daily_metrics',
  ],
}
const relations = [
  ...models.intermediate.map((name) => ({ name, relation: sql.ident('analytics_intermediate', name) })),
  ...models.marts.map((name) => ({ name, relation: sql.ident('analytics', name) })),
]

/** The day, counted from the first, on whose evening a row is there. */
const dayOf = (at: SQLQuery) => sql`(${at} at time zone 'UTC')::date - ${firstDay}::date`
const arrivals = [
  { table: 'users', day: dayOf(sql`signup_time`) },
  { table: 'assignments', day: dayOf(sql`exposed_at`) },
  // One in fifty comes one day late, or two; not the first of a session, on which exposures hang.
  {
    table: 'events',
    day: sql`${dayOf(sql`event_time`)} + case
      when event_id % 50 = 0 and event_id <> session_id then 1 + (event_id / 50 % 2)::int else 0
    end`,
  },
]

describe('the reference project, night by night', () => {
  const database = useProjectDatabase()
  const root = mkdtempSync(join(tmpdir(), 'estimand-nights-'))
  const runWith = (days: number, options: object = {}) =>
    runProject(root, database.connection, {
      env: { DATABASE_URL: database.url },
      vars: { events: 60_000, days },
      indirectSelection: 'buildable',
      ...options,
    })
  const staging = ['events', 'users', 'items', 'experiments', 'assignments'].map((name) => `stg_${name}`)
  const names = relations.map(({ name }) => name)
  const select = [...staging, 'countries', 'int_exposures', ...names, 'product_metrics']
  const build = async (days: number, options: object = {}) => {
    const { result, node } = await runWith(days, { select, ...options })
    expect(result.problems).toEqual([])
    const failed = result.results.filter(({ status }) => ['error', 'fail', 'skipped'].includes(status))
    expect(failed.map(({ nodeId, message }) => `${nodeId}: ${message}`)).toEqual([])
    return node
  }
  const contents = async () =>
    Promise.all(
      relations.map(async ({ name, relation }) => {
        const [row] = (await database.rows(sql`
          select count(*)::int as rows, md5(string_agg(t::text, e'\n' order by t::text)) as hash
          from ${relation} as t`)) as { rows: number; hash: string }[]
        return { name, ...row! }
      }),
    )
  /** Lets what has come by the evening of a day be in the product's tables. */
  const arrive = async (day: number) => {
    for (const { table, day: arrivesOn } of arrivals)
      await database.rows(sql`
        with come as (delete from ${sql.ident('later', table)} where ${arrivesOn} <= ${day}::int returning *)
        insert into ${sql.ident('product', table)} select * from come`)
  }

  beforeAll(async () => {
    for (const folder of ['models', 'macros', 'seeds', 'pipelines', 'analytics', 'project.yml'])
      cpSync(join(repository, folder), join(root, folder), { recursive: true })
    await runWith(history + nights, { select: ['product_world'] })
    await database.rows(sql`create schema later`)
    for (const { table } of arrivals) {
      await database.rows(sql`
        create table ${sql.ident('later', table)} as select * from ${sql.ident('product', table)}`)
      await database.rows(sql`delete from ${sql.ident('product', table)}`)
    }
    await arrive(history - 1)
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('has the same rows as when it is built anew', async () => {
    const built = await build(history)
    const before = await contents()
    for (let night = 1; night <= nights; night++) {
      await arrive(history + night - 1)
      const node = await build(history + night)
      for (const name of ['int_sessions', 'int_orders', 'daily_user_metrics', 'funnel_metrics'])
        expect([name, node(name).rows! / built(name).rows! < 0.15]).toEqual([name, true])
    }
    const byNight = await contents()
    for (const [index, { name, hash }] of before.entries())
      expect([name, byNight[index]!.hash]).not.toEqual([name, hash])
    await build(history + nights, { fullRefresh: true })
    expect(byNight).toEqual(await contents())
    for (const { name, rows } of byNight) expect([name, rows > 15]).toEqual([name, true])
  })

  test('changes nothing when the same night is run again', async () => {
    const once = await contents()
    await build(history + nights)
    expect(await contents()).toEqual(once)
  })
})
