import { describe, expect, test } from 'vitest'
import type { Files } from '../project/temp-project.ts'
import { compiled, failureOf, publishedScope } from './context/parse-project.ts'

/*
 * Small projects of which dbt 1.11 and 1.12 were asked what they make of them.
 */

const dbtProject = { 'dbt_project.yml': 'name: shop\nprofile: shop\n' }

async function sqlOf(files: Files, id: string): Promise<string> {
  const { renderer } = await compiled({ ...dbtProject, ...files })
  return (await renderer.compile(id, publishedScope())).text
}

describe('like dbt', () => {
  test.each([
    ['\n\n  select 1\n\n', 'select 1'],
    ["{{ config(materialized='table') }}\n\nselect 1 as id\n", '\n\nselect 1 as id'],
    ['\n{# said #}\n{%- set x = 1 %}\nselect {{ x }}   \n', '\nselect 1'],
    ['select 1 {% if true %}\n{% endif %}\n\n', 'select 1 \n'],
  ])('white space at both ends of %j is no part of the template', async (text, expected) => {
    expect(await sqlOf({ 'models/one.sql': text }, 'model.shop.one')).toBe(expected)
  })

  test('names of sources may be templates, in the ids of their tests too', async () => {
    const { manifest } = await compiled({
      ...dbtProject,
      'models/s.yml': `
sources:
  - name: "{{ var('source_schema', 'raw') }}"
    schema: "{{ var('source_schema', target.schema) }}"
    tables:
      - name: "{{ 'ev' ~ 'ents' }}"
        identifier: events_2026
        columns: [{name: id, data_tests: [not_null]}]`,
      'models/a.sql': "select * from {{ source('raw', 'events') }}",
    })
    expect(Object.keys(manifest.nodes).sort()).toEqual([
      'model.shop.a',
      'source.shop.raw.events',
      expect.stringMatching(/^test\.shop\.source_not_null_raw_events_id\./),
    ])
    expect(manifest.nodes['model.shop.a']!.dependsOn).toEqual(['source.shop.raw.events'])
  })

  test('an error is told where it stands, whatever white space comes first', async () => {
    await expect(
      sqlOf({ 'models/one.sql': '\n\n\nselect {{ 1 + "a" }}\n' }, 'model.shop.one'),
    ).rejects.toMatchObject({
      problems: [{ place: { line: 4, column: 11 } }],
    })
  })

  test('indexes that cannot be made are the affair of the models that make them', async () => {
    const model = (materialized: string) =>
      `{{ config(materialized='${materialized}', indexes=[{'default': true}]) }} select 1 as id`
    const { manifest } = await compiled({
      ...dbtProject,
      'models/seen.sql': model('view'),
      'models/kept.sql': model('table'),
    })
    expect(manifest.nodes['model.shop.seen']).not.toHaveProperty('refusal')
    expect(manifest.nodes['model.shop.kept']).toMatchObject({
      refusal: { code: 'config-invalid', message: "indexes does not know 'default'" },
    })
  })

  test('what an object lacks may be called until the node is run', async () => {
    const files = {
      'models/broken.sql': '{{ adapter.invalid_method() }} {{ nope.deep(1) }} select 1',
      'models/fine.sql': 'select 2 as id',
    }
    expect(await sqlOf(files, 'model.shop.fine')).toBe('select 2 as id')
    await expect(sqlOf(files, 'model.shop.broken')).rejects.toThrow('invalid_method')
  })
})

describe('ephemeral models in their readers', () => {
  const files = {
    'models/first.sql': "{{ config(materialized='ephemeral') }}\n\nselect 1 as fun\n",
    'models/second.sql': "{{ config(materialized='ephemeral') }}\nselect * from {{ ref('first') }};\n",
  }
  test.each([
    [
      "{# said #}\n\n-- why\nselect * from {{ ref('second') }}",
      '\n\nwith __dbt__cte__first as (\n\n\nselect 1 as fun\n),  __dbt__cte__second as (\n\nselect * from __dbt__cte__first\n) -- why\nselect * from __dbt__cte__second',
    ],
    [
      "with recursive t(n) as (\n  select * from {{ ref('first') }}\n)\nselect n from t",
      'with recursive  __dbt__cte__first as (\n\n\nselect 1 as fun\n),t(n) as (\n  select * from __dbt__cte__first\n)\nselect n from t',
    ],
  ])('%j', async (text, expected) => {
    expect(await sqlOf({ ...files, 'models/reader.sql': text }, 'model.shop.reader')).toBe(expected)
  })
})

test('floats of YAML stay floats where templates print them, and in the names of tests', async () => {
  const files = {
    'dbt_project.yml': 'name: shop\nprofile: shop\nvars: {rate: 100.0, rates: [1.0, 2, 0.5], code: 08}\n',
    'models/one.sql':
      "{{ config(meta={'share': 2.0}) }}select {{ var('rate') }} / 3, '{{ var('rates') | join(' ') }} {{ var('code') }} {{ model.config.meta.share }} {{ model.meta.width }}' as id",
    'models/one.yml': `
models:
  - name: one
    config: { meta: { width: 3.0 } }
    columns:
      - name: id
        data_tests: [{ accepted_values: { arguments: { values: [1.0, 2, 1e3, E8] } } }]`,
  }
  const { manifest } = await compiled(files)
  expect(await sqlOf(files, 'model.shop.one')).toBe("select 100.0 / 3, '1.0 2 0.5 08 2.0 3.0' as id")
  expect(Object.keys(manifest.nodes)).toContain(
    'test.shop.accepted_values_one_id__1_0__2__1e3__E8.31c338a9d3',
  )
})

test('floats of config() stay floats also in a file that nothing has to be rendered of', async () => {
  const files = {
    'models/plain.sql': "{{ config(meta={'share': 2.0, 'lot': [1.0, 3]}) }} select 1 as id",
    'models/reader.sql': "{% set meta = graph.nodes['model.shop.plain'].config.meta %}{{ meta }}",
  }
  expect(await sqlOf(files, 'model.shop.reader')).toBe("{'share': 2.0, 'lot': [1.0, 3]}")
})

test('a source says by templates which of its names are in quotes', async () => {
  const files = {
    'models/one.sql': "select * from {{ source('raw', 'Orders') }}",
    'models/raw.yml': `
sources:
  - name: raw
    quoting: { identifier: "{{ target.type == 'snowflake' }}", schema: "{{ not false }}" }
    tables: [{ name: Orders, quoting: { database: "{{ 1 == 1 }}" } }]`,
  }
  expect(await sqlOf(files, 'model.shop.one')).toBe('select * from "shop"."raw".orders')
})

test('the generic tests that every project has are the queries of dbt', async () => {
  const files = {
    'models/people.sql': 'select 1 as id',
    'models/orders.sql': "select 1 as id, 'a' as kind, 1 as person",
    'models/orders.yml': `
models:
  - name: orders
    columns:
      - { name: id, data_tests: [not_null, unique] }
      - { name: kind, data_tests: [{ accepted_values: { arguments: { values: ["O''Neill", 2] } } }] }
      - { name: person, data_tests: [{ relationships: { arguments: { to: ref('people'), field: id } } }] }`,
  }
  const { manifest, renderer } = await compiled({ ...dbtProject, ...files })
  const written = async (name: string, isCitus = false) => {
    const id = Object.keys(manifest.nodes).find((one) => one.startsWith(`test.shop.${name}`))!
    return (await renderer.compile(id, publishedScope({ isCitus }))).text.replace(/\s+/g, ' ').trim()
  }
  const orders = '"shop"."analytics"."orders"'
  expect(await written('not_null')).toBe(`select id from ${orders} where id is null`)
  expect(await written('unique')).toBe(
    `select id as unique_field, count(*) as n_records from ${orders} where id is not null group by id having count(*) > 1`,
  )
  expect(await written('accepted_values')).toBe(
    `with all_values as ( select kind as value_field, count(*) as n_records from ${orders} group by kind ) select * from all_values where value_field not in ( 'O''Neill','2' )`,
  )
  expect(await written('relationships')).toBe(
    `with child as ( select person as from_field from ${orders} where person is not null ), parent as ( select id as to_field from "shop"."analytics"."people" ) select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null`,
  )
  expect(await written('relationships', true)).toContain('with parent as materialized')
})

describe('what a generic test reads of its model', () => {
  const files = {
    'models/orders.sql': 'select 1 as id',
    'models/orders.yml': `
models:
  - name: orders
    columns:
      - { name: id, data_tests: [not_null, { unique: { config: { where: id > 0 } } }] }`,
  }
  const written = async (more: Files, name: string): Promise<string> => {
    const { manifest, renderer } = await compiled({ ...dbtProject, ...files, ...more })
    const id = Object.keys(manifest.nodes).find((one) => one.startsWith(`test.shop.${name}`))!
    return (await renderer.compile(id, publishedScope())).text.replace(/\s+/g, ' ').trim()
  }
  const orders = '"shop"."analytics"."orders"'
  const kit = {
    'packages.yml': 'packages:\n  - local: kit\n',
    'kit/dbt_project.yml': "name: kit\nversion: '1.0'\n",
  }

  test.each([
    ['is all of it', {}, 'not_null', orders],
    ['is what its config says', {}, 'unique', `(select * from ${orders} where id > 0) dbt_subquery`],
    [
      'is what a macro of the project says',
      {
        'macros/own.sql':
          '{% macro default__get_where_subquery(relation) %}{{ return(relation ~ " tablesample system (1)") }}{% endmacro %}',
      },
      'not_null',
      `${orders} tablesample system (1)`,
    ],
    [
      'is what the macro itself says, where the project replaces it',
      { 'macros/own.sql': '{% macro get_where_subquery(relation) %}only {{ relation }}{% endmacro %}' },
      'not_null',
      `only ${orders}`,
    ],
    [
      'is what a macro of a package says to which the project dispatches',
      {
        ...kit,
        'dbt_project.yml': `${dbtProject['dbt_project.yml']}dispatch: [{macro_namespace: dbt, search_order: [kit, dbt]}]\n`,
        'kit/macros/kit.sql':
          '{% macro postgres__get_where_subquery(relation) %}{{ return("kit of " ~ relation) }}{% endmacro %}',
      },
      'not_null',
      `kit of ${orders}`,
    ],
  ])('%s', async (_, more, name, relation) => {
    expect(await written(more, name)).toContain(`from ${relation} where`)
  })

  test('is told with its place where the macro fails', async () => {
    const macro = '{% macro get_where_subquery(relation) %}\n{{ nobody.knows }}{% endmacro %}'
    const told = await failureOf(written({ 'macros/own.sql': macro }, 'not_null'))
    expect(told).toMatch(/^macros\/own\.sql:2:\d+ {2}UndefinedError: 'nobody' is undefined/)
  })
})
