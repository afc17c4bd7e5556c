import { loadModule } from 'libpg-query'
import { expect, test } from 'vitest'
import { withoutQualifierPrefix } from '../../../src/compile/sql/qualifiers.ts'

await loadModule()

const short = (text: string) => withoutQualifierPrefix(text, 'dark__')

test('the prefix goes from schemas, with quotes and without, wherever they qualify', () => {
  expect(
    short('select "dark__s"."t"."a", dark__s.t.b from "db"."dark__s"."t" join dark__s.t as u on true'),
  ).toBe('select "s"."t"."a", s.t.b from "db"."s"."t" join s.t as u on true')
  expect(short(`select 'ä€😀' as ö from "dark__s" . "t"`)).toBe(`select 'ä€😀' as ö from "s" . "t"`)
})

test('it goes from comments, which say nothing', () => {
  expect(short('select 1 -- depends_on: "dark__s"."t"\n/* dark__s.t */')).toBe(
    'select 1 -- depends_on: "s"."t"\n/* s.t */',
  )
})

test('it stays in strings, in names of columns and tables, and within names', () => {
  for (const text of [
    `select 'dark__s.t' as a`,
    'select $$dark__s.t$$ as a',
    'select 1 as dark__a',
    'select 1 as "dark__s.t"',
    'select t.dark__a from s.t',
    'select 1 from "not_dark__s"."t"',
    'select "broken',
  ])
    expect(short(text)).toBe(text)
})
