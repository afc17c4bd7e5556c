import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareWithTruth } from '../src/run/compare-with-truth.ts'
import { sql, withWarehouse } from '../src/warehouse/index.ts'
import { compileProject, runProject, useProjectDatabase } from './run/run-project.ts'

// The project at the root of the repository, and what the README and the first guide say of it, really run.
// The generator's worker threads run the built package, so `npm run build` comes first, as in `npm test`.

const repository = join(import.meta.dirname, '..')
const folders = ['models', 'macros', 'seeds', 'pipelines', 'analytics', 'project.yml']

/** The fenced blocks of a language in a Markdown file. */
function blocks(file: string, language: string): string[] {
  const text = readFileSync(join(repository, file), 'utf8')
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, body]) => body!,
  )
}

describe('the reference project', () => {
  const database = useProjectDatabase()
  const root = mkdtempSync(join(tmpdir(), 'estimand-reference-'))
  const vars = { events: 40_000, b2b_accounts: 150, shop_customers: 400, spend_users: 2_000 }
  const run = (options = {}) =>
    runProject(root, database.connection, { vars, env: { DATABASE_URL: database.url }, ...options })
  const fingerprint = async () =>
    database.rows(sql`
      select 'users' as name, count(*)::int as rows, md5(string_agg(md5(u::text), '' order by user_id)) as hash
      from product.users as u
      union all
      select 'events', count(*)::int, md5(string_agg(md5(e::text), '' order by event_id))
      from product.events as e
      union all
      select 'truth', count(*)::int, md5(string_agg(md5(t::text), '' order by t::text))
      from truth.effects as t
      union all
      select 'spend', count(*)::int, md5(string_agg(md5(s::text), '' order by user_id, month))
      from spend.monthly_spend as s
      union all
      select 'shop', count(*)::int, md5(string_agg(md5(e::text), '' order by e::text))
      from shop.events as e
      union all
      select 'b2b', count(*)::int, md5(string_agg(md5(a::text), '' order by a::text))
      from b2b.daily_activity as a`)

  beforeAll(async () => {
    for (const folder of folders) cpSync(join(repository, folder), join(root, folder), { recursive: true })
    const { result } = await run({ threads: 1 })
    expect(result.problems).toEqual([])
    expect(result.results.filter(({ status }) => !['success', 'pass'].includes(status))).toEqual([])
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('knows the truth of what its experiments estimate', async () => {
    const { manifest } = await compileProject(root, database.connection, { vars })
    const comparisons = await withWarehouse(
      database.connection,
      { threads: 1, applicationName: 'estimand test' },
      (warehouse) => compareWithTruth(warehouse, manifest),
    )
    const withTruth = comparisons.filter(({ truth }) => truth !== null)
    expect(withTruth.length).toBeGreaterThan(10)
    // 95 % intervals: by chance alone fewer than four in five would hold the truth once in thousands of times.
    expect(withTruth.filter(({ covered }) => covered).length / withTruth.length).toBeGreaterThan(0.8)
  })

  test('finds and cleans what was spoiled, problem by problem', async () => {
    const found = await database.rows(sql`
      select table_name, problem, problems_before::int as before, problems_after::int as after
      from analytics.b2b_data_quality order by 1, 2`)
    const spoiled = await database.rows(sql`
      select split_part(table_name, '.', 2) as table_name, problem, count(*)::int as rows
      from truth.b2b_dirt group by 1, 2 order by 1, 2`)
    expect(spoiled).toHaveLength(5)
    expect(found).toEqual(
      spoiled.map(({ table_name, problem, rows }) => ({
        table_name,
        problem,
        before: rows,
        after: problem === 'missing_minutes' ? rows : 0,
      })),
    )
    // A plan that was missing is the one that the price tells; the world without dirt knows it.
    expect(
      await database.rows(sql`select distinct plan from analytics_staging.stg_b2b__accounts order by 1`),
    ).toEqual([{ plan: 'business' }, { plan: 'enterprise' }, { plan: 'team' }])
  })

  test('finds what was spoiled in the shop, and brings back what can be told', async () => {
    const checks = await database.rows(sql`
      select table_name, problem, problems_before::int as before, problems_after::int as after
      from analytics.shop_data_quality order by 1, 2`)
    const spoiled = await database.rows(sql`
      select table_name, problem, count(*)::int as rows from truth.shop_dirt group by 1, 2 order by 1, 2`)
    const rowsOf = (table: unknown, problem: unknown) =>
      spoiled.find((row) => row.table_name === table && row.problem === problem)?.rows ?? 0
    expect(checks).toHaveLength(13)
    for (const { table_name, problem, before } of checks)
      expect([table_name, problem, before]).toEqual([table_name, problem, rowsOf(table_name, problem)])
    const left = checks.filter(({ after }) => Number(after) > 0).map(({ problem }) => problem)
    expect(['missing_age', 'missing_country', 'missing_product']).toEqual(expect.arrayContaining(left))

    const recovered = await database.rows(sql`
      select
        dirt.problem,
        avg((case dirt.column_name
          when 'event_time' then abs(extract(epoch from events.event_time - dirt.true_value::timestamptz)) < 1
          when 'category' then products.category = dirt.true_value
          when 'country' then customers.country = dirt.true_value
          when 'duration_seconds' then sessions.duration_seconds::text = dirt.true_value
        end)::int)::float8 as share
      from truth.shop_dirt as dirt
      left join analytics_staging.stg_shop__events as events on dirt.row_id = events.event_id
      left join analytics_staging.stg_shop__products as products on dirt.row_id = products.product_id
      left join analytics_staging.stg_shop__customers as customers on dirt.row_id = customers.customer_id
      left join analytics_staging.stg_shop__sessions as sessions on dirt.row_id = sessions.session_id
      where dirt.problem in ('local_time', 'category_spelling', 'missing_country', 'impossible_duration')
        and dirt.table_name <> 'orders'
      group by 1 order by 1`)
    expect(recovered.map(({ problem }) => problem)).toEqual([
      'category_spelling',
      'impossible_duration',
      'local_time',
      'missing_country',
    ])
    for (const { problem, share } of recovered)
      if (problem === 'missing_country') expect(share).toBeGreaterThan(0.8)
      else expect([problem, share]).toEqual([problem, 1])
  })

  test('keeps loaded data that nothing has changed', async () => {
    const { node } = await run()
    expect(node('product_world').status).toBe('reused')
  })

  test('is the same to the byte whatever the number of workers', async () => {
    const one = await fingerprint()
    const { node } = await run({
      select: ['product_world', 'spend_world', 'b2b_world', 'shop_world'],
      fullRefresh: true,
      threads: 4,
    })
    expect(node('product_world').status).toBe('success')
    expect(await fingerprint()).toEqual(one)
    expect(one.map(({ rows }) => rows)).toContain(40_000)
  })

  test('builds increments anew when their data were replaced, in the same run or before', async () => {
    const days = async () =>
      database.rows(sql`select sum(events)::int as events from analytics.daily_user_metrics`)
    const [before] = await days()
    await run({ vars: { ...vars, events: 20_000 } })
    expect(await days()).toEqual([{ events: 20_000 }])
    await run({ select: ['product_world'] })
    const { node } = await run({ select: ['source:product+'] })
    expect(node('daily_user_metrics').status).toBe('success')
    expect(await days()).toEqual([before])
  })

  test('builds the model of the README', async () => {
    const [model] = blocks('README.md', 'sql')
    writeFileSync(join(root, 'models/marts/big_spenders.sql'), model!)
    const { result } = await run({ select: ['big_spenders'] })
    expect(result.status).toBe('success')
  })

  test('builds the models, tests and analysis of the first guide', async () => {
    const [table, incremental] = blocks('docs/guide/first-model.md', 'sql')
    const [properties, analysis] = blocks('docs/guide/first-model.md', 'yaml')
    writeFileSync(join(root, 'models/marts/big_spenders.sql'), table!)
    writeFileSync(join(root, 'models/marts/daily_events.sql'), incremental!)
    writeFileSync(join(root, 'models/marts/guide.yml'), properties!)
    writeFileSync(join(root, 'analytics/checkout_test.yml'), analysis!)
    for (const round of [1, 2]) {
      const { result, node } = await run({ select: ['big_spenders', 'daily_events', 'checkout_test'] })
      expect([round, result.status]).toEqual([round, 'success'])
      expect(node('unique_big_spenders_user_id').status).toBe('pass')
      expect(node('checkout_test').rows).toBeGreaterThan(0)
    }
  })

  test('does not let a model read the truth', async () => {
    writeFileSync(
      join(root, 'models/marts/peek.yml'),
      'sources:\n  - name: truth\n    tables: [{ name: effects }]\n',
    )
    writeFileSync(join(root, 'models/marts/peek.sql'), "select * from {{ source('truth', 'effects') }}")
    await expect(compileProject(root, database.connection, { vars })).rejects.toThrow(/schema truth/)
  })
})
