import { parseSync } from 'libpg-query'
import { beforeAll, describe, expect, it } from 'vitest'
import { normalisedSql } from '../../../src/compile/sql/normalised-sql.ts'
import { loadSqlParser } from '../../../src/compile/sql/syntax.ts'

const same = (a: string, b: string) => normalisedSql(a) === normalisedSql(b)

describe('normalised SQL', () => {
  it('does not know layout, comments, and case of what is not quoted', () => {
    expect(same('select a, b from t', 'SELECT\n  A,  -- the first\n  b /* second */\nFROM T')).toBe(true)
    expect(same('select a from t where x in (1, 2)', 'select a\nfrom t\nwhere x in (1,2)')).toBe(true)
    expect(same('select a /* b /* nested */ still */ from t', 'select a from t;\n;')).toBe(true)
    expect(same('select a::int, s.t from s . t', 'select a :: INT,s.t from s.t -- end')).toBe(true)
    expect(same('select 1--2', 'select 1')).toBe(true)
    expect(same('select a<--2\n b', 'select a < b')).toBe(true)
  })

  it('knows every value, name and order', () => {
    for (const [one, other] of [
      ['select 1', 'select 2'],
      ["select 'a'", "select 'A'"],
      ["select 'a  b'", "select 'a b'"],
      ["select 'a -- b'", "select 'a'"],
      ["select 'it''s  A'", "select 'it''s A'"],
      ["select E'it\\'s  A'", "select E'it\\'s A'"],
      ["select e'x'", "select e 'x'"],
      ['select $$a  B$$', 'select $$a b$$'],
      ['select $x$ $$  $x$', 'select $x$ $$ $x$'],
      ['select a as x from t', 'select a as y from t'],
      ['select a, b from t', 'select b, a from t'],
      ['select "A" from t', 'select a from t'],
      ['select "a  b" from t', 'select "a b" from t'],
      ['select "location" from t', 'select place from t'],
      ['select Ä from t', 'select ä from t'],
      ['select 1 .5', 'select 1.5'],
      ['select a - -b', 'select a --b'],
      ['select a < = b', 'select a <= b'],
      ['select a /* x */ - b', 'select a + b'],
      ['select a$b from t', 'select a $b from t'],
    ] as const)
      expect(same(one, other), `${one} | ${other}`).toBe(false)
  })

  it('takes text that does not parse as it is', () => {
    expect(same('vacuum everything now', ' vacuum everything now\n')).toBe(true)
    expect(same('selec 1', 'selec 2')).toBe(false)
    expect(same("select 'open", "select 'open ")).toBe(true)
    expect(same('select 1 /* open', 'select 1')).toBe(true)
  })
})

describe('beside the parser of PostgreSQL', () => {
  beforeAll(() => loadSqlParser())

  const tree = (text: string) =>
    JSON.stringify(parseSync(text).stmts, (key, value) =>
      /location|stmt_len|^(?:rexpr_)?list_(?:start|end)$/.test(key) ? undefined : value,
    )
  const texts = [
    `with A as (select x.*, 'It''s' || E'\\t\\'q\\'' as s from "Odd Name"."T" x) select count(*) filter (where s ~* '^A') from A`,
    "select a->>'b', c #> array[1, -2], d @> '{}'::jsonb, -e, +f, a*-b, x!=y, not z, $body$ text -- no $body$ from t where v between 1.5e3 and .7",
    "select U&'\\0041', B'01', x'Ff', date '2020-01-01', interval '1 day' * 2, \"Q\"\"uote\" from t -- tail",
    'select case when a<-1 then b else c::numeric(10,2) end, row_number() over (partition by K order by V desc) from S.T /* a /* b */ c */ where x = any(array[1,2])',
    'select ünïcode, "Ü", 𝒳 from tàble',
  ]

  it.each(texts)('what comes out means the same, and stays as it is: %s', (text) => {
    expect(tree(normalisedSql(text))).toBe(tree(text))
    expect(normalisedSql(normalisedSql(text))).toBe(normalisedSql(text))
  })
})
