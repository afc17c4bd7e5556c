import { beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * Small dbt projects of which dbt 1.11 and 1.12 were asked what their runs do.
 */

describe('a run like dbt', () => {
  const database = useProjectDatabase()
  const run = (files: Files, options: ProjectRunOptions = {}) =>
    withProject({ 'dbt_project.yml': 'name: shop\nprofile: shop\n', ...files }, (root) =>
      runProject(root, database.connection, { publish: 'node', ...options }),
    )
  const values = async (query: SQLQuery) =>
    (await database.rows(query)).map((row) => Object.values(row).join(' '))

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  test('a configuration that nobody knows fails its own model, when that is run', async () => {
    const { node } = await run({
      'models/fine.sql': "{{ config(incremental_strategy='nobody_asks') }} select 1 as id",
      'models/odd.sql': "{{ config(materialized='tabel') }} select 1 as id",
      'models/strange.sql':
        "{{ config(materialized='incremental', incremental_strategy='bad_strategy') }} select 1 as id",
    })
    expect(node('fine').status).toBe('success')
    expect(node('odd')).toMatchObject({ status: 'error', message: expect.stringContaining('"tabel"') })
    expect(node('strange')).toMatchObject({
      status: 'error',
      message: expect.stringContaining('"bad_strategy"'),
    })
  })

  test('a Python model fails when it is run, and what reads it is skipped', async () => {
    const { result, node } = await run({
      'models/first.sql': 'select 1 as id',
      'models/scored.py': `import pandas as pd  # dbt.ref("none")

def model(dbt, session):
    """Reads dbt.ref("nothing")."""
    dbt.config(
        materialized="table",  # (a table
        tags=["ml"],
    )
    limit = dbt.config.get("limit", 10)
    return dbt.ref("first").join(dbt.source("app", "events"))
`,
      'models/after.sql': "select * from {{ ref('scored') }}",
      'models/sources.yml': 'sources: [{name: app, tables: [{name: events}]}]',
    })
    expect(result.results.map(({ nodeId, status }) => `${nodeId} ${status}`)).toEqual([
      'model.shop.first success',
      'model.shop.scored error',
      'model.shop.after skipped',
    ])
    expect(node('scored').problem).toMatchObject({
      code: 'not-supported',
      message: 'the materialization table runs SQL only, and this is Python',
      hint: expect.stringContaining('PostgreSQL runs no Python models'),
    })
  })

  test.each(["unique_key=''", 'unique_key=[]', "incremental_strategy='merge'"])(
    'an increment with %s has no key: all of its rows are new',
    async (config) => {
      const files = {
        'models/grown.sql': `{{ config(materialized='incremental', ${config}) }} select 1 as id`,
      }
      await run(files)
      expect((await run(files)).node('grown').status).toBe('success')

      expect(await values(sql`select count(*) from analytics.grown`)).toEqual(['2'])
    },
  )

  test('steps begin by how many have to be done before, then by id, so that tests of nothing come after seeds', async () => {
    const files = {
      'seeds/zebras.csv': 'id\n1\n',
      'models/after.sql': "select * from {{ ref('zebras') }}",
      'models/alone.sql': 'select 1 as id',
      'tests/finds_seed.sql': "select 1 where not exists (select from pg_tables where tablename = 'zebras')",
      'tests/of_alone.sql': "select * from {{ ref('alone') }} where id is null",
    }
    const { result } = await run(files, { threads: 1 })
    expect(result.results.map(({ nodeId, status }) => `${nodeId} ${status}`)).toEqual([
      'model.shop.alone success',
      'seed.shop.zebras success',
      'test.shop.finds_seed pass',
      'model.shop.after success',
      'test.shop.of_alone pass',
    ])
  })

  test('exposures and saved queries have a result, and nothing to run', async () => {
    const files = {
      'models/orders.sql': 'select 1 as id',
      'models/uses.yml': `
exposures:
  - { name: weekly, type: dashboard, owner: { name: ann, email: a@b.c }, depends_on: ["ref('orders')"] }
  - { name: broken, type: dashboard, owner: { name: ann, email: a@b.c }, depends_on: ["ref('wrong')"] }
  - { name: doubtful, type: dashboard, owner: { name: ann, email: a@b.c }, depends_on: ["ref('tested')"] }
  - { name: cut_off, type: dashboard, owner: { name: ann, email: a@b.c }, depends_on: ["ref('after')"] }`,
      'models/tested.sql': 'select 1 as id',
      'models/after.sql': "select id from {{ ref('tested') }}",
      'tests/fails_tested.sql': "select id from {{ ref('tested') }}",
      'models/wrong.sql': "{{ config(materialized='table') }} select 1 / 0 as id",
    }
    const { node } = await run(files)
    expect(node('weekly')).toMatchObject({ status: 'no-op', message: 'NO-OP' })
    expect(node('broken').status).toBe('skipped')
    // A failing test holds up what is built from its model, and that alone.
    expect(node('doubtful').status).toBe('no-op')
    expect(node('after').status).toBe('skipped')
    expect(node('cut_off').status).toBe('skipped')
  })

  test('a failing test of a source, or of what is not built in this run, holds up what is made from it', async () => {
    const files = {
      'models/sources.yml': `
sources:
  - name: raw
    schema: information_schema
    tables: [{ name: schemata, columns: [{ name: catalog_name, data_tests: [unique] }] }]`,
      'models/from_source.sql': "select schema_name from {{ source('raw', 'schemata') }}",
      'models/after.sql': "select * from {{ ref('from_source') }}",
      'models/beside.sql': 'select 1 as id',
      'tests/fails.sql': "select * from {{ ref('beside') }}",
      'models/after_beside.sql': "select * from {{ ref('beside') }}",
      'models/of_both.sql': "select id from {{ ref('after_beside') }} cross join {{ ref('after') }}",
    }
    const { node } = await run(files)
    expect(node('source_unique_raw_schemata_catalog_name').status).toBe('fail')
    expect(['from_source', 'after', 'beside'].map((name) => node(name).status)).toEqual([
      'skipped',
      'skipped',
      'success',
    ])

    await run(files, { nodeIds: ['model.shop.beside', 'model.shop.from_source', 'model.shop.after'] })
    const part = await run(files, { nodeIds: ['model.shop.after_beside', 'test.shop.fails'] })
    expect(part.node('after_beside').status).toBe('skipped')
  })

  test('--empty reads nothing, of ephemeral models neither, and loads no rows of seeds', async () => {
    const files = {
      'seeds/raw.csv': 'id,price\n1,2.5\n',
      'models/passing.sql': "{{ config(materialized='ephemeral') }} select 2 as id",
      'models/all_of_it.sql': "select id from {{ ref('raw') }} union all select * from {{ ref('passing') }}",
    }
    await run(files)
    expect(await values(sql`select count(*) from analytics.all_of_it`)).toEqual(['2'])
    await run(files, { empty: true })
    expect(await values(sql`select count(*) from analytics.all_of_it`)).toEqual(['0'])
    expect(await values(sql`select count(price) from analytics.raw`)).toEqual(['0'])
  })

  test('--sample reads a window of what has an event_time, in models only', async () => {
    const files = {
      'models/events.sql':
        "{{ config(materialized='table', event_time='happened_at') }} select d as happened_at from generate_series(timestamptz '2026-01-01 00:00+00', '2026-01-09 00:00+00', '1 day') as d",
      'models/plain.sql':
        "{{ config(materialized='table') }} select happened_at as at from {{ ref('events') }}",
      'tests/all_there.sql': "select count(*) from {{ ref('events') }} having count(*) <> 9",
    }
    const sample = { start: new Date('2026-01-03T00:00:00Z'), end: new Date('2026-01-05T00:00:00.500Z') }
    const { node } = await run(files, { sample })
    expect(await values(sql`select count(*) from analytics.plain`)).toEqual(['3'])
    expect(node('all_there').status).toBe('pass')
    expect(node('plain').compiledCode).toContain(
      `(select * from "${database.connection.target.database}"."analytics"."events" where happened_at >= '2026-01-03 00:00:00+00:00' and happened_at < '2026-01-05 00:00:00.500000+00:00') _dbt_et_filter_subq_events`,
    )
  })

  test.each([
    ["'Id'", 'Id', '1 b|2 c|3 d'],
    [`'"Odd"'`, '"Odd"', '1 b|2 c|3 d'],
    [`"date_trunc('month', at)"`, 'id', '1 b|2 c|3 d'],
    ["['Id', 'name']", 'id', '1 a|1 b|2 c|3 d'],
  ])('a key is SQL: unique_key=%s', async (key, column, expected) => {
    const files = {
      'models/grown.sql': `{{ config(materialized='incremental', unique_key=${key}) }}
{% if is_incremental() %}
select 1 as ${column}, 'b' as name, timestamp '2026-02-01' as at union all select 3, 'd', timestamp '2026-01-05'
{% else %}
select 1 as ${column}, 'a' as name, timestamp '2026-01-01' as at union all select 2, 'c', timestamp '2026-03-01'
{% endif %}`,
    }
    await run(files)
    expect((await run(files)).result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
    const rows = await database.rows(sql`select * from analytics.grown`)
    expect(
      rows
        .map((row) => Object.values(row).slice(0, 2).join(' '))
        .sort()
        .join('|'),
    ).toBe(expected)
  })

  test('a table of results is indexed by its rows', async () => {
    const { node } = await run({
      'models/asked.sql': `{%- set table = run_query("select 1 as a, 'x' as b union all select 2, 'y' order by 1") -%}
select '{% if execute %}{{ table[1]['b'] }}{{ table[-1][0] }}{{ table[0].b }}{{ table | length }}{{ table.columns[0].data_type.jsonify(7) }}{{ table.column_types[1].csvify('t') }}{% endif %}' as found`,
    })
    expect(node('asked').status).toBe('success')
    expect(await values(sql`select found from analytics.asked`)).toEqual(['y2x27t'])
  })

  test('the name of a schema is cut as Postgres cuts it', async () => {
    const long = `s${'0'.repeat(80)}`
    const { node } = await run({
      'models/far.sql': `{{ config(schema='${long}') }} select '{{ this.schema }}' as stands`,
      'models/reads.sql': "select * from {{ ref('far') }}",
    })
    expect(node('far').status).toBe('success')
    expect(await values(sql`select stands from analytics.reads`)).toEqual([`analytics_${long}`.slice(0, 63)])
    await database.rows(sql`drop schema ${sql.ident(`analytics_${long}`.slice(0, 63))} cascade`)
  })

  test('a fixture without contents is a table without rows', async () => {
    const { node } = await run({
      'models/input.sql': 'select 1 as id',
      'models/doubled.sql': "select id * 2 as id from {{ ref('input') }}",
      'models/tests.yml': `
unit_tests:
  - name: of_nothing
    model: doubled
    given: [{ input: ref('input'), format: csv, fixture: nothing }]
    expect: { format: csv, fixture: nothing }`,
      'tests/fixtures/nothing.csv': '',
    })
    expect(node('of_nothing')).toMatchObject({ status: 'pass' })
  })

  test('white space alone is null in a seed', async () => {
    await run({ 'seeds/things.csv': 'id,at,word\n1, ,  \n2,2025-07-16 11:00:00,x\n' })
    expect(await values(sql`select id, at::text, word from analytics.things order by id`)).toEqual([
      '1  ',
      '2 2025-07-16 11:00:00 x',
    ])
  })

  test('a quote within a value of a seed is part of it', async () => {
    await run({ 'seeds/things.csv': 'id,doc\n1, { "a": { "b": 1 } }\n2,"x ""y"""\n' })
    expect(await values(sql`select id, doc from analytics.things order by id`)).toEqual([
      '1  { "a": { "b": 1 } }',
      '2 x "y"',
    ])
  })

  test('names of seed columns that are too long are cut as the server cuts them', async () => {
    const long = `unstruct_event_${'x'.repeat(60)}`
    const { result } = await run({ 'seeds/things.csv': `${long},é${'y'.repeat(80)}\n1,2\n` })
    expect(result.status).toBe('success')
    const [row] = await database.rows(sql`select * from analytics.things`)
    expect(row).toEqual({ [long.slice(0, 63)]: 1, [`é${'y'.repeat(61)}`]: 2 })
  })

  test('seeds get the types and values that dbt gives them', async () => {
    await run({
      'seeds/things.csv':
        'zip,price,rate,at,zoned,typed,\n007,"$1,000.00",5%,2020-2-1 7:05:06,2020-02-01T10:00:00+02:00,007,x\n8,2,0.5,null,2020-02-01T10:00:00Z,1e3,\n',
      'seeds/things.yml': 'seeds: [{ name: things, config: { column_types: { typed: text } } }]',
    })
    const types = await values(sql`
      select attname, format_type(atttypid, atttypmod) from pg_attribute
      where attrelid = 'analytics.things'::regclass and attnum > 0 order by attnum`)
    expect(types).toEqual([
      'zip integer',
      'price integer',
      'rate double precision',
      'at timestamp without time zone',
      'zoned timestamp without time zone',
      'typed text',
      'g text',
    ])
    const hours = (
      await values(sql`select extract(epoch from max(zoned) - min(zoned)) / 3600 from analytics.things`)
    )[0]
    expect(Number(hours)).toBe(2)
    expect(await values(sql`select zip, price, rate, typed, g from analytics.things order by zip`)).toEqual([
      '7 1000 5 007 x',
      '8 2 0.5 1e3 ',
    ])
  })
})
