import { beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { failureOf } from '../compile/context/parse-project.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

/*
 * Snapshots that a project takes in its own way. What is expected of the tables was compared with dbt 1.11 on
 * PostgreSQL, through five states of the source.
 */

const strategy = (name: string, changed: string) => `
{% macro snapshot_${name}_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% set key = config.get('unique_key') %}
  {% set updated_at = "'2026-01-0" ~ var('step') ~ "'::timestamp" %}
  {% do return({
    'unique_key': key,
    'updated_at': updated_at,
    'row_changed': ${changed},
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(key, updated_at)),
    'hard_deletes': adapter.get_hard_deletes_behavior(config),
  }) %}
{% endmacro %}`
const amountChanged = "snapshotted_rel ~ '.amount is distinct from ' ~ current_rel ~ '.amount'"

describe('snapshots of a project that takes them in its own way', () => {
  const database = useProjectDatabase()
  const query = (text: SQLQuery) => database.rows(text)
  const snapshot = (config: string) =>
    `{% snapshot history %}{{ config(${config}) }} select * from shop.orders{% endsnapshot %}`
  const take = async (step: number, config: string, files: Files) => {
    const project = { 'project.yml': projectFile, 'snapshots/s.sql': snapshot(config), ...files }
    const { result, node } = await withProject(project, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, vars: { step } }),
    )
    expect(result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
    expect(result.published).toBe(true)
    return node('history')
  }
  const versions = () =>
    query(sql`
      select id, amount, dbt_valid_from::date::text as from, dbt_valid_to::date::text as to
      from analytics.history order by id, dbt_valid_from`)

  beforeEach(async () => {
    for (const statement of [
      sql`drop schema if exists analytics cascade`,
      sql`drop schema if exists shop cascade`,
      sql`create schema shop`,
      sql`create table shop.orders (id int, amount int)`,
      sql`insert into shop.orders values (1, 10), (2, 20)`,
    ])
      await query(statement)
  })

  test.each([
    ['loud', 'macros/a.sql', { 'macros/a.sql': strategy('loud', amountChanged) }],
    ['timestamp', 'macros/a.sql', { 'macros/a.sql': strategy('timestamp', amountChanged) }],
    [
      'pk.quiet',
      'pk/macros/a.sql',
      {
        'packages.yml': 'packages: [{local: pk}]',
        'pk/dbt_project.yml': 'name: pk\n',
        'pk/macros/a.sql': strategy('quiet', amountChanged),
      },
    ],
  ])('by a strategy %s of %s', async (name, _file, files) => {
    const config = `strategy='${name}', unique_key='id', updated_at='id', hard_deletes='invalidate'`
    await take(1, config, files)
    await query(sql`update shop.orders set amount = 11 where id = 1`)
    await query(sql`delete from shop.orders where id = 2`)
    await query(sql`insert into shop.orders values (3, 30)`)
    const time = "{% macro postgres__snapshot_get_time() %}'2026-02-02'::timestamp{% endmacro %}"
    const outcome = await take(2, config, { ...files, 'macros/time.sql': time })
    expect(outcome.compiledCode?.trim()).toBe('select * from shop.orders')
    expect(await versions()).toEqual([
      { id: 1, amount: 10, from: '2026-01-01', to: '2026-01-02' },
      { id: 1, amount: 11, from: '2026-01-02', to: null },
      { id: 2, amount: 20, from: '2026-01-01', to: '2026-02-02' },
      { id: 3, amount: 30, from: '2026-01-02', to: null },
    ])
    await take(3, config, files)
    expect(await versions()).toHaveLength(4)
  })

  test('with keys hashed otherwise, times read otherwise, and columns added', async () => {
    const files = (step: number) => ({
      'macros/a.sql': `
{% macro default__snapshot_hash_arguments(args) %}concat_ws('/', {{ args | join(', ') }}){% endmacro %}
{% macro postgres__snapshot_get_time() %}'2026-01-0${step}'::timestamp without time zone{% endmacro %}`,
    })
    const config =
      "strategy='check', unique_key=['id'], check_cols='all', hard_deletes='new_record', dbt_valid_to_current=\"'9999-12-31'::timestamp\", snapshot_meta_column_names={'dbt_valid_to': 'until'}"
    await take(1, config, files(1))
    await query(sql`alter table shop.orders add column note text`)
    await query(sql`delete from shop.orders where id = 2`)
    await take(2, config, files(2))
    const rows = await query(sql`
      select id, note, dbt_scd_id, until::date::text as until, dbt_is_deleted from analytics.history order by 1, 3`)
    expect(rows).toEqual([
      {
        id: 1,
        note: null,
        dbt_scd_id: '1/2026-01-01 00:00:00',
        until: '2026-01-02',
        dbt_is_deleted: 'False',
      },
      {
        id: 1,
        note: null,
        dbt_scd_id: '1/2026-01-02 00:00:00',
        until: '9999-12-31',
        dbt_is_deleted: 'False',
      },
      {
        id: 2,
        note: null,
        dbt_scd_id: '2/2026-01-01 00:00:00',
        until: '2026-01-02',
        dbt_is_deleted: 'False',
      },
      {
        id: 2,
        note: null,
        dbt_scd_id: '2/2026-01-01 00:00:00/2026-01-02 00:00:00',
        until: '9999-12-31',
        dbt_is_deleted: 'True',
      },
    ])
  })

  test('with statements of its own, in which readers of the same run see what will be', async () => {
    const files = {
      'macros/a.sql': `
{% macro postgres__snapshot_get_time() %}'2026-01-0{{ var('step') }}'::timestamp without time zone{% endmacro %}
{% macro postgres__snapshot_merge_sql(target, source, insert_cols) %}
  delete from {{ target }} where dbt_scd_id in (select dbt_scd_id from {{ source }} where dbt_change_type = 'update');
  insert into {{ target }} ({{ insert_cols | join(', ') }})
  select {{ insert_cols | join(', ') }} from {{ source }} where dbt_change_type = 'insert';
{% endmacro %}`,
      'models/counted.sql':
        "{{ config(materialized='table') }} select count(*)::int as n from {{ ref('history') }}",
    }
    const config = "strategy='check', unique_key='id', check_cols=['amount'], indexes=[{'columns': ['id']}]"
    await take(1, config, files)
    await query(sql`update shop.orders set amount = 11 where id = 1`)
    await take(2, config, files)
    expect(await versions()).toEqual([
      { id: 1, amount: 11, from: '2026-01-02', to: null },
      { id: 2, amount: 20, from: '2026-01-01', to: null },
    ])
    expect(await query(sql`select n from analytics.counted`)).toEqual([{ n: 2 }])
    expect(await query(sql`select count(*)::int as n from pg_indexes where tablename = 'history'`)).toEqual([
      { n: 1 },
    ])
  })

  test('by a materialization of its own, with its hooks', async () => {
    const files = {
      'macros/a.sql': `
{% materialization snapshot, default %}
  {% set is_there, target = get_or_create_relation(database=model.database, schema=model.schema, identifier=model.alias, type='table') %}
  {{ run_hooks(pre_hooks) }}
  {% call statement('main') %}
    {% if is_there %}insert into {{ target }} select {{ var('step') }} as step, q.* from ({{ sql }}) as q
    {% else %}{{ create_table_as(False, target, 'select 1 as step, q.* from (' ~ sql ~ ') as q') }}{% endif %}
  {% endcall %}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}`,
    }
    const config =
      "strategy='timestamp', unique_key='id', updated_at='id', post_hook='update {{ this }} set amount = amount + 1'"
    await take(1, config, files)
    await take(2, config, files)
    expect(await query(sql`select step, amount from analytics.history order by 1, 2`)).toEqual([
      { step: 1, amount: 12 },
      { step: 1, amount: 22 },
      { step: 2, amount: 11 },
      { step: 2, amount: 21 },
    ])
  })

  test('say which macro a strategy lacks', async () => {
    const files = {
      'project.yml': projectFile,
      'macros/a.sql': strategy('loud', amountChanged),
      'snapshots/s.sql': snapshot("strategy='lout', unique_key='id'"),
    }
    const failure = await failureOf(
      withProject(files, (root) =>
        runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
      ),
    )
    expect(failure).toContain('there is no macro snapshot_lout_strategy')
    expect(failure).toContain("did you mean 'loud'?")
  })
})

describe('indexes of seeds and snapshots', () => {
  const database = useProjectDatabase()

  test('are made when their tables are', async () => {
    const files = {
      'project.yml': projectFile,
      'seeds/countries.csv': 'code,name\nde,Germany\n',
      'seeds/y.yml':
        'seeds: [{name: countries, config: {indexes: [{columns: [code], unique: true}, {columns: [name], type: hash}]}}]',
      'snapshots/s.sql':
        "{% snapshot history %}{{ config(strategy='check', unique_key='code', check_cols='all', indexes=[{'columns': ['dbt_valid_to']}]) }} select * from {{ ref('countries') }}{% endsnapshot %}",
    }
    const run = () =>
      withProject(files, (root) =>
        runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
      )
    for (const _ of [1, 2]) {
      expect((await run()).result.status).toBe('success')
      const rows = await database.rows(sql`
        select tablename as name, regexp_replace(indexdef, '.* USING ', '') as index
        from pg_indexes where schemaname = 'analytics' order by 1, 2`)
      expect(rows).toEqual([
        { name: 'countries', index: 'btree (code)' },
        { name: 'countries', index: 'hash (name)' },
        { name: 'history', index: 'btree (dbt_valid_to)' },
      ])
    }
  })
})
