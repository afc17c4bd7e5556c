import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { NodeId } from '../../src/core/node.ts'
import type { Files } from '../project/temp-project.ts'
import { compiled, failureOf, publishedScope } from './context/parse-project.ts'

/*
 * The tests of which there are thousands are written from one rendering of their macro. A project that defines that
 * macro anew, word for word, has each of them rendered by itself: both have to come to the same.
 */

const files: Files = {
  'dbt_project.yml': 'name: shop\nprofile: shop\nmodels: { shop: { +schema: marts } }\n',
  'models/a.sql': 'select 1 as id',
  'models/hidden.sql': "{{ config(materialized='ephemeral') }} select * from {{ ref('a') }}",
  'models/m.yml': `
models:
  - name: a
    data_tests: [{ unique: { column_name: "id || '-' || id" } }]
    columns:
      - name: id
        data_tests:
          - unique
          - not_null
          - unique: { name: kept, config: { store_failures: true } }
          - not_null: { name: also_kept, config: { store_failures: true } }
          - not_null: { name: not_kept, config: { store_failures: false } }
          - not_null: { name: some, config: { where: id > 0 } }
          - unique: { name: called, arguments: { column_name: "{{ 'i' ~ 'd' }}" } }
      - { name: Odd Name, quote: true, data_tests: [unique, not_null] }
  - name: hidden
    columns: [{ name: id, data_tests: [unique, not_null] }]
sources:
  - name: crm
    tables: [{ name: people, columns: [{ name: id, data_tests: [unique, not_null] }] }]
`,
}

const builtin = readFileSync('src/compile/builtin/generic-tests.sql', 'utf8')
const replaced = /\{% macro default__test_(?:unique|not_null)\([\s\S]*?\{% endmacro %\}/g
const oneByOne: Files = { ...files, 'macros/ours.sql': builtin.match(replaced)!.join('\n') }

async function texts(project: Files, scope: Parameters<typeof publishedScope>[0]) {
  const { manifest, renderer } = await compiled(project)
  const ids = Object.values(manifest.nodes).flatMap(({ id, resourceType }): NodeId[] =>
    resourceType === 'test' ? [id] : [],
  )
  const sql = ids.map(async (id) => [id, (await renderer.compile(id, publishedScope(scope))).text] as const)
  return new Map(await Promise.all(sql))
}

describe('tests that differ in names alone', () => {
  test.each([
    ['as published', {}],
    ['in the build of a run', { relationOf: ({ identifier }) => ({ schema: 'build"1', identifier }) }],
    ['with failures stored', { flags: { STORE_FAILURES: true } }],
    ['without rows', { empty: true }],
    ['on Citus', { isCitus: true }],
  ] as const satisfies readonly (readonly [string, Parameters<typeof publishedScope>[0]])[])(
    'are what their macros give, %s',
    async (_, scope) => {
      const [plain, rendered] = await Promise.all([texts(files, scope), texts(oneByOne, scope)])
      expect(plain.size).toBe(14)
      expect(plain).toEqual(rendered)
    },
  )

  test('are what a macro of the project makes of them', async () => {
    const macro =
      '{% macro default__test_unique(model, column_name) %}{{ column_name | upper }}{% endmacro %}'
    const own = await texts({ ...files, 'macros/own.sql': macro }, {})
    expect([...own.values()]).toContain('ID')
    const unfiltered = String(files['models/m.yml']).replace(/.*where: id > 0.*\n/, '')
    const adapter = {
      ...files,
      'models/m.yml': unfiltered,
      'macros/own.sql': '{% macro adapter() %}x{% endmacro %}',
    }
    expect(await failureOf(texts(adapter, {}))).toContain('dispatch')
  })
})
