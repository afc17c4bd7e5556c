import { beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * Projects that replace macros by which dbt loads seeds. dbt 1.12 made the same tables of the same files.
 */

const csv = `id,share,day,at,is_open,note
1,50%,2024-1-5,2024-01-05 1:02:03,true,"it's 5% %s"
2,1.5,2024-02-06,2024-02-06 04:05:06,FALSE,null
`

describe('macros of a project that load seeds', () => {
  const database = useProjectDatabase()
  const run = async (files: Files, options: ProjectRunOptions = {}) => {
    const project = { 'dbt_project.yml': 'name: shop\nprofile: shop\n', 'seeds/things.csv': csv, ...files }
    const { result } = await withProject(project, (root) => runProject(root, database.connection, options))
    expect(result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
    expect(result.published).toBe(true)
    return result
  }
  const values = async (query: SQLQuery) =>
    (await database.rows(query)).map((row) => Object.values(row).join(' '))
  const things = () =>
    values(sql`select id, share, day::text, at::text, is_open, note from analytics.things order by id`)

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  test('load_csv_rows, which gets the rows with their types', async () => {
    await run({
      'macros/m.sql': `{% macro postgres__load_csv_rows(model, agate_table) %}
  {% for row in agate_table.rows %}
    {% do adapter.add_query('insert into ' ~ this ~ ' values (%s, %s, %s, %s, %s, %s)', bindings=[row['id'] + 10, row[1], row[2], row[3], row[4], row[5]]) %}
  {% endfor %}
  {{ return('-- by hand') }}
{% endmacro %}`,
    })
    expect(await things()).toEqual([
      "11 50 2024-01-05 2024-01-05 01:02:03 true it's 5% %s",
      '12 1.5 2024-02-06 2024-02-06 04:05:06 false ',
    ])
    expect(
      await values(sql`
        select format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = 'analytics.things'::regclass and attnum > 0 order by attnum`),
    ).toEqual(['integer', 'double precision', 'date', 'timestamp without time zone', 'boolean', 'text'])
  })

  test('create_csv_table, the rows then being loaded as everywhere', async () => {
    await run({
      'seeds/things.yml':
        'seeds: [{name: things, config: {column_types: {id: bigint}, indexes: [{columns: [id]}]}}]',
      'macros/m.sql': `{% macro create_csv_table(model, agate_table) %}
  {% set text %}create table {{ this }} (
    {%- for name in agate_table.column_names %}{{ name }} {{ model.config.column_types.get(name, adapter.convert_type(agate_table, loop.index0)) }}, {% endfor %}loaded int default {{ agate_table.rows | length }})
  {% endset %}
  {% do run_query(text) %}
  {{ return(text) }}
{% endmacro %}`,
    })
    expect(await values(sql`select loaded, pg_typeof(id) from analytics.things`)).toEqual([
      '2 bigint',
      '2 bigint',
    ])
    expect(await values(sql`select count(*) from pg_indexes where tablename = 'things'`)).toEqual(['1'])
  })

  test('get_batch_size and get_binding_char', async () => {
    await run({
      'macros/m.sql': `{% macro default__get_batch_size() %}{{ return(1) }}{% endmacro %}
{% macro get_binding_char() %}{{ return('%s') }}{% endmacro %}`,
    })
    expect((await things()).length).toBe(2)
  })

  test('reset_csv_table, of a table that is there', async () => {
    const macros = {
      'macros/m.sql': `{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {% set text = 'update ' ~ old_relation ~ ' set id = -id' %}
  {% do run_query(text) %}
  {{ return(text) }}
{% endmacro %}`,
    }
    await run(macros)
    await run(macros)
    expect(await values(sql`select id from analytics.things order by 1`)).toEqual(['-2', '-1', '1', '2'])
  })

  test('a materialization of seeds, with hooks and what it makes of the rows', async () => {
    const result = await run({
      'seeds/things.yml':
        'seeds: [{name: things, config: {post_hook: "insert into {{ this }} values (\'hook\')"}}]',
      'models/counted.sql': "select count(*)::int as n from {{ ref('things') }}",
      'macros/m.sql': `{% materialization seed, adapter='postgres' %}
  {% set rows = load_agate_table() %}
  {% call statement('main') %}create table {{ this }} as select '{{ rows.columns[0].values() | join('+') }}' as ids{% endcall %}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [this]}) }}
{% endmaterialization %}`,
    })
    expect(await values(sql`select ids from analytics.things order by 1`)).toEqual(['1+2', 'hook'])
    expect(await values(sql`select n from analytics.counted`)).toEqual(['2'])
    expect(result.results.map(({ status }) => status)).toEqual(['success', 'success'])
  })
})
