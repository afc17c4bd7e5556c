import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { failureOf, rendered, scriptedDatabase } from './parse-project.ts'

/*
 * The goldens are what Jinja made of the same templates over agate's own tables (agate 1.9.1, with dbt's types of
 * columns): the text, and what was printed. An exclamation mark stands before the exception that was raised.
 */

const goldens = JSON.parse(
  readFileSync(new URL('./agate-tables.json', import.meta.url), 'utf8'),
) as readonly (readonly [template: string, text: string, printed: string])[]

const columns = [
  { name: 'k', type: 'text' },
  { name: 'n', type: 'int4' },
  { name: 'd', type: 'numeric' },
  { name: 't', type: 'timestamp' },
  { name: 'f', type: 'bool' },
  { name: 'day', type: 'date' },
]
const rows = [
  ['b', 1, '1234.5000', '2020-01-02 03:04:05', true, '2020-01-02'],
  [null, 2, '-0.12345', null, false, null],
  ['a', null, null, null, null, null],
  ['b', 2, '1000000', '2020-01-02 03:04:05.0006', true, '2021-01-02'],
]

const macros = `{% macro big(row) %}{{ 'x' if row.n == 2 else '' }}{% endmacro -%}
{% macro word(row) %}{{ 'None' if row.n else 'y' }}{% endmacro -%}
{% set r = run_query('select full') %}{% set e = run_query('select empty') -%}`

/** What a template makes of a table of four rows, `r`, and of the same without rows, `e`. */
async function withTables(template: string) {
  const { ask } = scriptedDatabase({ columns, rows }, { columns, rows: [] })
  const printed: string[] = []
  const log = (message: string) => void printed.push(message)
  const text = await rendered(macros + template, {}, { ask, log })
  return { text, printed: printed.join('\n') }
}

describe('tables are what agate gives', () => {
  const isRefused = ([, text]: (typeof goldens)[number]): boolean => text.startsWith('!')
  const [made, refused] = [goldens.filter((golden) => !isRefused(golden)), goldens.filter(isRefused)]

  test.each(made)('%s', async (template, text, printed) => {
    expect(await withTables(template)).toEqual({ text: text.trim(), printed })
  })

  test.each(refused)('refused: %s', async (template, exception) => {
    expect(await failureOf(withTables(template))).toContain(exception.slice(1))
  })
})

test('columns of the same name are told apart by a number', async () => {
  const column = { name: 'a', type: 'int4' }
  const { ask } = scriptedDatabase({ columns: [column, column], rows: [[1, 2]] })
  const template = "{% set r = run_query('select 1') %}{{ r.column_names }} {{ r.rows[0].a_2 }}"
  expect(await rendered(template, {}, { ask })).toBe("('a', 'a_2') 2")
})

test('a set of sets of tables has no rows to merge or to count', async () => {
  const nested = "r.group_by('k').group_by('n')"
  expect(await failureOf(withTables(`{{ ${nested}.merge() }}`))).toContain('is no table')
  expect(await failureOf(withTables(`{{ ${nested} }}`))).toContain("no attribute 'rows'")
})
