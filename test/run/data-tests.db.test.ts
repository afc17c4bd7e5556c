import { beforeEach, describe, expect, test } from 'vitest'
import { formatProblem } from '../../src/core/problem.ts'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const shop = {
  'project.yml': projectFile,
  'seeds/orders.csv': 'id,customer,amount\n1,ann,10\n2,bob,-1\n3,,-2\n',
  'macros/tests.sql': `{% test at_least(model, column_name, least, but=none) %}
select {{ column_name }} from {{ model }} where {{ column_name }} < {{ least }}
{% if but is not none %}and {{ column_name }} not in ({{ but | join(', ') }}){% endif %}
{% endtest %}`,
}

function testsOfAmount(tests: string): Files {
  return {
    ...shop,
    'models/orders.yml': `
seeds:
  - name: orders
    columns:
      - name: amount
        data_tests:
${tests.replace(/^/gm, '          ')}`,
  }
}

describe('data tests', () => {
  const database = useProjectDatabase()
  const run = (files: Files, options: ProjectRunOptions = {}) =>
    withProject(files, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const least = (config: string, args = 'least: 0') =>
    testsOfAmount(`- at_least: { name: positive, arguments: { ${args} }, config: { ${config} } }`)

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
    await database.rows(sql`drop schema if exists analytics_dbt_test__audit cascade`)
  })

  test('show the first rows that fail', async () => {
    const { node } = await run({
      ...shop,
      'tests/negative.sql':
        "select id, customer, amount from {{ ref('orders') }} where amount < 0 order by id",
    })
    expect(formatProblem(node('negative').problem!)).toMatchInlineSnapshot(`
      "tests/negative.sql:1:1  negative: 2 failing rows   [test-failed]
        1 | select id, customer, amount from {{ ref('orders') }} where amount < 0 order by id
            ^
        id  customer  amount
        2   bob       -1
        3   null      -2
        see all of them: estimand show --select negative"
    `)
  })

  test('take arguments of their own, and thresholds, limits and conditions', async () => {
    const statusOf = async (files: Files, options = {}) => {
      const { node } = await run(files, options)
      return [node('positive').status, node('positive').rows]
    }
    expect(await statusOf(least(''))).toEqual(['fail', 2])
    expect(await statusOf(least('', 'least: 0, but: [-1, -2]'))).toEqual(['pass', 0])
    expect(await statusOf(least('severity: warn'))).toEqual(['warn', 2])
    expect(await statusOf(least('severity: warn'), { warnError: true })).toEqual(['fail', 2])
    expect(await statusOf(least("error_if: '> 2', warn_if: '> 1'"))).toEqual(['warn', 2])
    expect(await statusOf(least("error_if: '> 2', warn_if: '> 2'"))).toEqual(['pass', 2])
    expect(await statusOf(least('limit: 1'))).toEqual(['fail', 1])
    expect(await statusOf(least("where: 'id < 3'"))).toEqual(['fail', 1])
    expect(await statusOf(least("fail_calc: 'sum(-amount)', error_if: '> 2'"))).toEqual(['fail', 3])
  })

  test('fail for a fail_calc that gives no whole number, as of no rows an aggregate may', async () => {
    const outcome = async (config: string, args?: string) => {
      const { status, problem } = (await run(least(config, args))).node('positive')
      return [status, problem?.message, problem?.hint]
    }
    expect(await outcome("fail_calc: 'sum(amount)'", 'least: -10')).toEqual([
      'error',
      'the fail_calc of positive, sum(amount), gives null, which is no whole number',
      'write coalesce(sum(amount), 0)',
    ])
    expect(await outcome("fail_calc: 'avg(amount)'")).toEqual([
      'error',
      'the fail_calc of positive, avg(amount), gives -1.5000000000000000, which is no whole number',
      'round it',
    ])
    expect(await outcome("fail_calc: '1'")).toEqual([
      'error',
      'the fail_calc of positive, 1, gives 2 rows instead of one',
      'write an aggregate, such as count(*)',
    ])
    expect((await outcome("fail_calc: '1'", 'least: -10'))[1]).toContain('gives 0 rows instead of one')
    expect((await outcome("fail_calc: 'count(*), 2'"))[0]).toBe('error')
    expect(await outcome("fail_calc: 'coalesce(sum(amount), 0)'", 'least: -10')).toEqual([
      'pass',
      undefined,
      undefined,
    ])
  })

  test('have conditions whichever they are, on ephemeral models too', async () => {
    const where = (condition: string) => `config: { where: "${condition}" }`
    const { result, node } = await run({
      ...shop,
      'models/paid.sql': "{{ config(materialized='ephemeral') }}\nselect * from {{ ref('orders') }}",
      'models/paid.yml': `
models:
  - name: paid
    columns:
      - name: id
        data_tests:
          - not_null: { ${where('id > 1')} }
          - unique: { ${where('id > 1')} }
          - accepted_values: { arguments: { values: [2, 3], quote: false }, ${where('id > 1')} }
          - relationships: { name: all_there, arguments: { to: ref('orders'), field: id }, ${where('id > 1')} }
          - relationships: { name: some_not, arguments: { to: ref('paid'), field: amount }, ${where('id > 2')} }`,
    })
    const failed = result.results.filter(({ status }) => status !== 'pass' && status !== 'success')
    expect(failed.map(({ message }) => message)).toEqual(['1 failing row'])
    expect(node('some_not')).toMatchObject({ status: 'fail', rows: 1 })
  })

  test('look at sources', async () => {
    await database.rows(sql`create schema analytics`)
    await database.rows(sql`create table analytics.raw as select 1 as id union all select 1`)
    const { node } = await run({
      'project.yml': projectFile,
      'models/sources.yml':
        'sources: [{ name: shop, schema: analytics, tables: [{ name: raw, columns: [{ name: id, data_tests: [unique] }] }] }]',
    })
    expect(node('source_unique_shop_raw_id')).toMatchObject({ status: 'fail', rows: 1 })
  })

  test('keep failing rows in a table, also when the run fails, and nothing of the run is published', async () => {
    const { result, node } = await run(least('store_failures: true'))
    expect(result.published).toBe(false)
    expect(node('positive').problem?.hint).toContain('they are kept in analytics_dbt_test__audit.positive')
    const kept = sql`select amount from analytics_dbt_test__audit.positive order by 1`
    expect(await database.rows(kept)).toEqual([{ amount: -2 }, { amount: -1 }])
    await run(least('store_failures: true', 'least: -1'))
    expect(await database.rows(kept)).toEqual([{ amount: -2 }])
  })

  test('keep them when the command asks for it, unless the test says no', async () => {
    const tables = sql`select relname as name from pg_class where relnamespace = to_regnamespace('analytics_dbt_test__audit')`
    await run(least('store_failures: false'), { storeFailures: true })
    expect(await database.rows(tables)).toEqual([])
    await run(least(''), { storeFailures: true })
    expect(await database.rows(tables)).toEqual([{ name: 'positive' }])
  })

  test('keep a view that follows what is published', async () => {
    const files = least('store_failures_as: view, severity: warn')
    await run(files)
    const failing = sql`select count(*)::int as n from analytics_dbt_test__audit.positive`
    expect(await database.rows(failing)).toEqual([{ n: 2 }])
    await run({ ...files, 'seeds/orders.csv': 'id,customer,amount\n1,ann,-10\n' })
    expect(await database.rows(failing)).toEqual([{ n: 1 }])
  })
})
