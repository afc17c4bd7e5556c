import { beforeAll, describe, expect, test } from 'vitest'
import { splitStatements, stringLiterals } from '../../../src/compile/sql/statements.ts'
import { loadSqlParser } from '../../../src/compile/sql/syntax.ts'

beforeAll(loadSqlParser)

describe('splitStatements', () => {
  test('takes a text apart, semicolons in strings and bodies left alone', () => {
    const texts = splitStatements("select ';'; grant select on t to ü; do $$ begin null; end $$;").map(
      ({ text, kind }) => `${kind}: ${text}`,
    )
    expect(texts).toEqual([
      "SelectStmt: select ';'",
      'GrantStmt: grant select on t to ü',
      'DoStmt: do $$ begin null; end $$',
    ])
  })

  test('leaves a text whole that cannot be parsed', () => {
    expect(splitStatements('selec 1; select 2')).toEqual([{ text: 'selec 1; select 2', kind: '' }])
    expect(splitStatements('-- nothing')).toEqual([])
  })
})

describe('stringLiterals', () => {
  test('finds strings and not what looks like one', () => {
    const text = "select 'ü', $$x$$, \"it's\" -- it's\n, E'\\n'"
    expect(stringLiterals(text).map(({ from, to }) => text.slice(from, to))).toEqual([
      "'ü'",
      '$$x$$',
      "E'\\n'",
    ])
  })
})
