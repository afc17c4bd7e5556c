import { beforeEach, describe, expect, test } from 'vitest'
import { freshnessByMacro } from '../../src/run/freshness-by-macro.ts'
import { checkFreshness } from '../../src/run/source-freshness.ts'
import { type SQLQuery, sql, withWarehouse } from '../../src/warehouse/index.ts'
import { publishedScope } from '../compile/context/parse-project.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { compileProject, type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * Projects that replace macros of dbt's which its materializations call. dbt 1.12 was asked which it calls for the
 * same models.
 */

const table = "{{ config(materialized='table') }} select 1 as id"
const incremental = (config: string) =>
  `{{ config(materialized='incremental'${config}) }}
select {% if is_incremental() %}1 as id, 'new' as name{% else %}1 as id, 'old' as name{% endif %}`

describe('macros of a project in the place of dbt’s', () => {
  const database = useProjectDatabase()
  const run = async (files: Files, options: ProjectRunOptions = {}) => {
    const project = { 'dbt_project.yml': 'name: shop\nprofile: shop\n', ...files }
    const { result } = await withProject(project, (root) => runProject(root, database.connection, options))
    const problems = result.results.flatMap(({ problem }) => problem ?? [])
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(result.published).toBe(true)
  }
  const values = async (query: SQLQuery) =>
    (await database.rows(query)).map((row) => Object.values(row).join(' '))

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  test('create_table_as, by the name of the adapter', async () => {
    await run({
      'models/numbers.sql': table,
      'macros/m.sql': `{% macro postgres__create_table_as(temporary, relation, sql) %}
create {{ 'temporary ' if temporary }}table {{ relation }} with (fillfactor=50) as ({{ sql }})
{% endmacro %}`,
    })
    expect(
      await values(sql`select reloptions from pg_class where oid = 'analytics.numbers'::regclass`),
    ).toEqual(['fillfactor=50'])
  })

  test.each(['table', 'view', 'incremental', 'materialized_view'])(
    'run_hooks, of a %s',
    async (materialized) => {
      await database.rows(sql`drop table if exists public.calls`)
      await database.rows(sql`create table public.calls (name text)`)
      await run({
        'models/numbers.sql': `{{ config(materialized='${materialized}', post_hook="insert into public.calls values ('hook')") }} select 1 as id`,
        'macros/m.sql': `{% macro run_hooks(hooks, inside_transaction=True) %}
  {% if hooks and inside_transaction %}{% do run_query("insert into public.calls values ('" ~ hooks | length ~ "')") %}{% endif %}
{% endmacro %}`,
      })
      expect(await values(sql`select * from public.calls`)).toEqual(['1'])
    },
  )

  test('create_view_as, also of a view that is made again since it reads an increment', async () => {
    const files = {
      'models/grown.sql': incremental(", unique_key='id'"),
      'models/first.sql': "select * from {{ ref('grown') }}",
      'models/second.sql': "{{ config(grants={'select': ['public']}) }} select * from {{ ref('first') }}",
      'macros/m.sql': `{% macro default__create_view_as(relation, sql) %}
create view {{ relation }} with (security_barrier) as ({{ sql }})
{% endmacro %}`,
    }
    const views = sql`
      select relname, reloptions, coalesce(relacl::text like '%=r/%', false)
      from pg_class where relkind = 'v' and relnamespace = 'analytics'::regnamespace order by 1`
    for (const expected of ['old', 'new']) {
      await run(files)
      expect(await values(views)).toEqual([
        'first security_barrier=true false',
        'second security_barrier=true true',
      ])
      expect(await values(sql`select name from analytics.second`)).toEqual([expected])
    }
  })

  test('get_create_index_sql', async () => {
    await run({
      'models/numbers.sql':
        "{{ config(materialized='table', indexes=[{'columns': ['id']}]) }} select 1 as id",
      'macros/m.sql': `{% macro get_create_index_sql(relation, index_dict) %}
create index numbers_by_{{ index_dict['columns'] | join('_') }} on {{ relation }} ({{ index_dict['columns'] | join(', ') }})
{% endmacro %}`,
    })
    expect(await values(sql`select indexname from pg_indexes where schemaname = 'analytics'`)).toEqual([
      'numbers_by_id',
    ])
  })

  test.each([
    ['get_delete_insert_merge_sql', ", unique_key='id'"],
    ['default__get_merge_sql', ", unique_key='id', incremental_strategy='merge'"],
    ['postgres__get_incremental_append_sql', ''],
  ])('%s, and what is not replaced stays as it was', async (macro, config) => {
    const files = {
      'models/grown.sql': incremental(`${config}, indexes=[{'columns': ['id']}]`),
      'models/counted.sql':
        "{{ config(materialized='table') }} select count(*)::int as n from {{ ref('grown') }}",
      'macros/m.sql': `{% macro ${macro}(target) %}
{% set target = target if varargs or kwargs else target['target_relation'] %}
insert into {{ target }} select id + 1, name || '!' from {{ target }}
{% endmacro %}`,
    }
    await run(files)
    await run(files)
    expect(await values(sql`select id, name from analytics.grown order by 1`)).toEqual(['1 old', '2 old!'])
    expect(await values(sql`select n from analytics.counted`)).toEqual(['2'])
    expect(await values(sql`select count(*) from pg_indexes where tablename = 'grown'`)).toEqual(['1'])
    await run(files, { fullRefresh: true })
    expect(await values(sql`select name from analytics.grown`)).toEqual(['old'])
  })

  test('alter_column_type and make_temp_relation, for columns that an increment widens', async () => {
    const model = (size: number) =>
      `{{ config(materialized='incremental', unique_key='id') }} select 1 as id, 'x'::varchar(${size}) as name`
    const macros = {
      'macros/m.sql': `{% macro alter_column_type(relation, column_name, new_column_type) %}
{% do run_query('alter table ' ~ relation ~ ' alter column ' ~ column_name ~ ' type varchar(77)') %}
{% endmacro %}`,
    }
    await run({ ...macros, 'models/grown.sql': model(3) })
    await run({ ...macros, 'models/grown.sql': model(9) })
    expect(
      await values(sql`
        select character_maximum_length from information_schema.columns
        where table_schema = 'analytics' and column_name = 'name'`),
    ).toEqual(['77'])
  })

  test('apply_grants and persist_docs, which then are all that is granted and said', async () => {
    await run({
      'models/numbers.sql':
        "{{ config(materialized='table', grants={'select': ['public']}, persist_docs={'relation': true}) }} select 1 as id",
      'models/m.yml': 'models: [{name: numbers, description: said}]',
      'macros/m.sql': `{% macro postgres__apply_grants(relation, grant_config, should_revoke) %}{% endmacro %}
{% macro alter_relation_comment(relation, comment) %}comment on table {{ relation }} is 'more: {{ comment }}'{% endmacro %}`,
    })
    expect(
      await values(
        sql`select relacl is null, obj_description(oid) from pg_class where oid = 'analytics.numbers'::regclass`,
      ),
    ).toEqual(['true more: said'])
  })

  test('get_test_sql', async () => {
    const files = {
      'models/numbers.sql': table,
      'tests/none.sql': "select * from {{ ref('numbers') }}",
      'macros/m.sql': `{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}
select {{ fail_calc }} - 1 as failures, {{ fail_calc }} {{ warn_if }} as should_warn, {{ fail_calc }} > 1 as should_error
from ({{ main_sql }}) as t
{% endmacro %}`,
    }
    const { node } = await withProject(
      { 'dbt_project.yml': 'name: shop\nprofile: shop\n', ...files },
      (root) => runProject(root, database.connection, {}),
    )
    expect(node('none')).toMatchObject({ status: 'warn', rows: 0 })
  })

  test('the materialization of tests, with the usual one inside', async () => {
    const files = {
      'models/numbers.sql': table,
      'models/m.yml':
        'models: [{name: numbers, columns: [{name: id, data_tests: [not_null, accepted_values: {arguments: {values: [2]}}]}]}]',
      'tests/some.sql': "{{ config(warn_if='> 5', error_if='> 5', limit=7) }} select 3 as id, 'some' as name",
      'macros/m.sql': `{% materialization test, default %}
  {%- set made = dbt.materialization_test_default() -%}
  {%- set found = load_result('main').table.rows[0] -%}
  {%- do graph.setdefault('found', {}).update({model.name: [found.failures, found.should_error, sql | trim]}) -%}
  {{ return(made) }}
{% endmaterialization %}
{% macro tell() %}{% if execute %}
create table {{ target.schema }}.told as
{% for name, it in graph.found | dictsort %}
  {{ 'union all' if not loop.first }} select '{{ name }}' as name, {{ it[0] }} as failures, {{ it[1] }} as fails,
    '{{ 'limit' in it[2] }}' as is_limited
{% endfor %}{% endif %}{% endmacro %}`,
    }
    const project = 'name: shop\nprofile: shop\non-run-end: "{{ tell() }}"\n'
    const { result } = await withProject({ 'dbt_project.yml': project, ...files }, (root) =>
      runProject(root, database.connection, { publish: 'node' }),
    )
    expect(result.results.map(({ status }) => status).sort()).toEqual(['fail', 'pass', 'pass', 'success'])
    expect(await values(sql`select * from analytics.told`)).toEqual([
      'accepted_values_numbers_id__2 1 true False',
      'not_null_numbers_id 0 false False',
      'some 1 false False',
    ])
  })

  test('what macros note in graph is noted once, however often the database is asked in between', async () => {
    const files = {
      'models/numbers.sql': `{{ config(materialized='table') }}
{%- if execute %}{% do graph.setdefault('notes', {'all': []}).all.append('model') %}
{%- set one = run_query('select 1 as one').rows[0].one %}{% do graph.notes.all.append(one) %}{% endif -%}
select 1 as id`,
      'macros/m.sql': `{% macro tell() %}{% if execute %}
{%- set taken = graph.notes.pop('all') %}{% set two = run_query('select 2 as two').rows[0].two -%}
create table {{ target.schema }}.told as select '{{ taken | join(', ') }} {{ two }}' as notes
{% endif %}{% endmacro %}`,
    }
    const project = 'name: shop\nprofile: shop\non-run-end: "{{ tell() }}"\n'
    await withProject({ 'dbt_project.yml': project, ...files }, (root) =>
      runProject(root, database.connection, { publish: 'node' }),
    )
    expect(await values(sql`select * from analytics.told`)).toEqual(['model, 1 2'])
  })

  test('a materialization of tests that tells no verdict is an error', async () => {
    const files = {
      'tests/none.sql': 'select 1 as id',
      'macros/m.sql': `{% materialization test, default %}{{ return({'relations': []}) }}{% endmaterialization %}`,
    }
    const { node } = await withProject(
      { 'dbt_project.yml': 'name: shop\nprofile: shop\n', ...files },
      (root) => runProject(root, database.connection, {}),
    )
    expect(node('none')).toMatchObject({ status: 'error', problem: { code: 'test-invalid' } })
  })

  test('should_full_refresh and should_store_failures', async () => {
    const files = {
      'models/grown.sql': incremental(''),
      'tests/none.sql': "{{ config(severity='warn') }} select * from {{ ref('grown') }}",
      'macros/m.sql': `{% macro should_full_refresh() %}{{ return(flags.FULL_REFRESH and model.name != 'grown') }}{% endmacro %}
{% macro should_store_failures() %}{{ return(model.name == 'none') }}{% endmacro %}`,
    }
    await run(files)
    await run(files, { fullRefresh: true })
    expect(await values(sql`select name from analytics.grown order by 1`)).toEqual(['new', 'old'])
    expect(await values(sql`select count(*) from analytics_dbt_test__audit.none`)).toEqual(['2'])
  })

  test('create_schema', async () => {
    await run({
      'models/numbers.sql': table,
      'macros/m.sql': `{% macro postgres__create_schema(relation) %}
{% do run_query('create schema ' ~ relation.without_identifier().include(database=False)) %}
{% do run_query("comment on schema " ~ relation.without_identifier().include(database=False) ~ " is 'made by a macro'") %}
{% endmacro %}`,
    })
    expect(await values(sql`select obj_description('analytics'::regnamespace)`)).toEqual(['made by a macro'])
  })

  test('collect_freshness', async () => {
    const files = {
      'dbt_project.yml': 'name: shop\nprofile: shop\n',
      'models/s.yml':
        'sources: [{name: raw, schema: public, tables: [{name: events, config: {loaded_at_field: at, freshness: {warn_after: {count: 1, period: hour}}}}]}]',
      'macros/m.sql': `{% macro collect_freshness(source, loaded_at_field, filter) %}
{% call statement('found', fetch_result=true) %}
select '2026-01-01 10:00'::timestamp as max_loaded_at, '2026-01-01 12:30+00'::timestamptz as snapshotted_at
{% endcall %}
{{ return(load_result('found')) }}
{% endmacro %}`,
    }
    const [result] = await withProject(files, async (root) => {
      const { manifest, renderer } = await compileProject(root, database.connection)
      return withWarehouse(database.connection, { threads: 1, applicationName: 'test' }, (warehouse) =>
        checkFreshness(
          {
            manifest,
            warehouse,
            nodeIds: Object.keys(manifest.nodes),
            threads: 1,
            commentOf: () => null,
            byMacro: freshnessByMacro(renderer, warehouse, publishedScope()),
          },
          { clock: () => new Date(), onResult: () => {} },
        ),
      )
    })
    expect(result).toMatchObject({
      status: 'warn',
      ageSeconds: 9000,
      maxLoadedAt: '2026-01-01T10:00:00.000Z',
    })
  })

  test('of a package only where the project dispatches to it', async () => {
    const files = (project: string) => ({
      'dbt_project.yml': `name: shop\nprofile: shop\n${project}`,
      'packages.yml': 'packages: [{local: pk}]',
      'pk/dbt_project.yml': 'name: pk\n',
      'pk/macros/m.sql': `{% macro postgres__create_table_as(temporary, relation, sql) %}
create table {{ relation }} with (fillfactor=40) as ({{ sql }})
{% endmacro %}`,
      'models/numbers.sql': table,
    })
    const options = sql`select reloptions from pg_class where oid = 'analytics.numbers'::regclass`
    await run(files(''))
    expect(await values(options)).toEqual([''])
    await run(files('dispatch: [{macro_namespace: dbt, search_order: [pk, dbt]}]\n'))
    expect(await values(options)).toEqual(['fillfactor=40'])
  })
})
