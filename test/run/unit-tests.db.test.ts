import { beforeEach, describe, expect, test } from 'vitest'
import { formatProblem } from '../../src/core/problem.ts'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

const shop = {
  'project.yml': projectFile,
  'seeds/orders.csv': 'id,customer,amount,day\n1,ann,10.5,2026-01-01\n2,bob,20,2026-01-02\n',
  'models/paid.sql':
    "{{ config(materialized='ephemeral') }}\nselect id, customer, amount from {{ ref('orders') }} where amount > 0",
  'models/totals.sql': `{{ config(materialized='incremental', unique_key='customer') }}
select customer, sum(amount) * {{ var('factor', 1) }} as total, '{{ env_var('SHOP', 'none') }}' as shop
from {{ ref('paid') }}
{% if is_incremental() %}where customer not in (select customer from {{ this }}){% endif %}
group by customer`,
}

function unitTests(text: string): Files {
  return { ...shop, 'models/unit_tests.yml': `unit_tests:\n${text}` }
}

const adds = `
  - name: adds_up
    model: totals
    given:
      - input: ref('paid')
        rows:
          - { customer: ann, amount: 1.5 }
          - { customer: ann, amount: 2 }
          - { customer: bob }
    expect:
      rows:
        - { customer: bob, total: null }
        - { customer: ann, total: 3.5 }
`

describe('unit tests', () => {
  const database = useProjectDatabase()
  const run = (files: Files, options = {}) =>
    withProject(files, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  test('compare what comes out of given rows, in any order, columns that are not named being null', async () => {
    const { result, node } = await run(unitTests(adds))
    expect(node('adds_up')).toMatchObject({ status: 'pass', rows: 0 })
    expect(result.status).toBe('success')
  })

  test('are compared by a macro of the project, where it has one', async () => {
    const macro = `{% macro postgres__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) %}
{% set names = expected_column_names | join(', ') %}
select {{ names | replace('"total"', 'round(total) as total') }}, 'actual' as actual_or_expected from ({{ main_sql }}) as a
union all
select {{ names | replace('"total"', 'round(total) as total') }}, 'expected' from ({{ expected_fixture_sql }}) as e
{% endmacro %}`
    const wrong = unitTests(adds.replace('3.5', '4'))
    const { node } = await run({ ...wrong, 'macros/m.sql': macro })
    expect(node('adds_up')).toMatchObject({ status: 'pass', rows: 0 })
    const worse = await run({ ...unitTests(adds.replace('3.5', '5')), 'macros/m.sql': macro })
    expect(worse.node('adds_up')).toMatchObject({ status: 'fail', rows: 2 })
  })

  test('are skipped where a test of what their model reads fails, as the model is', async () => {
    const { node } = await run({
      'project.yml': projectFile,
      'models/first.sql': 'select null::int as id',
      'models/second.sql': "select id from {{ ref('first') }}",
      'models/m.yml': `models: [{name: first, columns: [{name: id, data_tests: [not_null]}]}]
unit_tests:
  - {name: small, model: second, given: [{input: ref('first'), rows: [{id: 1}]}], expect: {rows: [{id: 1}]}}
`,
    })
    expect(node('not_null_first_id').status).toBe('fail')
    expect([node('small').status, node('second').status]).toEqual(['skipped', 'skipped'])
  })

  test('run before their model, which is not built when they fail, and show the difference', async () => {
    const { node, result } = await run(unitTests(adds.replace('3.5', '4')))
    expect(result.published).toBe(false)
    expect(node('totals')).toMatchObject({ status: 'skipped', message: 'adds_up failed' })
    expect(formatProblem(node('adds_up').problem!)).toMatchInlineSnapshot(`
      "models/unit_tests.yml:3:5  adds_up: 2 rows differ from what is expected   [test-failed]
        3 |   - name: adds_up
                ^
           customer  total
        +  ann       3.5
        -  ann       4
        - expected   + came out"
    `)
  })

  test('take rows as CSV, as SQL, from files and from seeds, and stand in for this, macros, vars and the environment', async () => {
    const files = {
      ...unitTests(`
  - name: as_csv
    model: totals
    given:
      - input: ref('paid')
        format: csv
        rows: |
          customer,amount
          ann,1
          ann,
    overrides: { vars: { factor: 3 }, env_vars: { SHOP: corner } }
    expect: { format: csv, rows: "customer,total,shop\\nann,3,corner" }
  - name: as_sql
    model: totals
    given:
      - input: ref('paid')
        format: sql
        rows: select 'ann' as customer, 5 as amount
      - input: this
        rows: [{ customer: bob }]
    expect: { format: sql, rows: "select 'ann' as customer, 5::numeric as total" }
  - name: from_file
    model: totals
    given:
      - { input: ref('paid'), format: csv, fixture: paid_rows }
      - input: this
        rows: [{ customer: ann }]
    overrides: { macros: { is_incremental: true } }
    expect: { rows: [{ customer: bob, total: 7 }] }
  - name: from_seed
    model: daily
    given: [{ input: ref('orders') }]
    expect: { rows: [{ day: 2026-01-01, n: 1 }, { day: 2026-01-02, n: 1 }] }
`),
      'models/daily.sql': "select day, count(*) as n from {{ ref('orders') }} group by day",
      'tests/fixtures/paid_rows.csv': 'customer,amount\nann,1\nbob,7\n',
    }
    const { result, node } = await run(files)
    for (const name of ['as_csv', 'as_sql', 'from_file', 'from_seed'])
      expect(node(name)).toMatchObject({ status: 'pass', message: 'pass' })
    expect(result.status).toBe('success')
  })

  test('read dates, arrays and JSON as one would write them', async () => {
    const files = {
      ...unitTests(`
  - name: kinds
    model: kinds
    given:
      - input: ref('facts')
        rows:
          - { at: "2026-02-03 04:05", tags: [a, b], doc: { k: [1] }, raw: '{"k": 2}', ok: true }
    expect:
      rows: [{ day: "2026-02-03", n: 2, k: 1, raw_k: "2", ok: true }]
`),
      'models/facts.sql':
        "select now() as at, array['x'] as tags, '{}'::jsonb as doc, '{}'::json as raw, true as ok",
      'models/kinds.sql': `select (at at time zone 'UTC')::date as day, cardinality(tags) as n, (doc -> 'k' ->> 0)::int as k,
        raw ->> 'k' as raw_k, ok from {{ ref('facts') }}`,
    }
    expect((await run(files)).node('kinds').status).toBe('pass')
  })

  test('infer types where the model that is read is not there', async () => {
    const files = unitTests(adds)
    const { node } = await run(files, { select: ['adds_up'] })
    expect(node('adds_up').status).toBe('pass')
    expect(await database.rows(sql`select 1 from pg_class where relname in ('totals', 'orders')`)).toEqual([])
  })

  test('say what is wrong with them', async () => {
    const message = async (text: string) => (await run(unitTests(text))).node('adds_up').problem
    expect(await message(adds.replace('{ customer: bob }', '{ custmer: bob }'))).toMatchObject({
      code: 'unit-test-invalid',
      message: "paid has no column 'custmer'",
      hint: 'its columns: id, customer, amount',
    })
    expect(await message(adds.replaceAll('total:', 'sum:'))).toMatchObject({
      message: "totals has no column 'sum'",
    })
    expect(
      await message('  - { name: adds_up, model: totals, given: [], expect: { rows: [] } }'),
    ).toMatchObject({
      message: 'the unit test gives no rows for paid, which totals reads',
    })
  })
})
