import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { makeDialect } from '../../../src/compile/dialect/index.ts'
import { type GoldenCase, goldenNames } from './golden-context.ts'

// 150 templates with what real Jinja2 in dbt's environment made of them.
const file = new URL('../../reference/jinja_goldens.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly GoldenCase[] }
const dialect = makeDialect({ clock: () => new Date('2024-05-06T07:08:09Z') })
const render = (template: string) => dialect.render(dialect.parse(template, 'golden.sql'), goldenNames()).text

describe('templates mean what they mean in dbt', () => {
  it('has all the cases', () => expect(cases.length).toBe(150))

  for (const { name, tpl, ok, out } of cases)
    it(name, () => {
      if (ok) expect(render(tpl)).toBe(out)
      else expect(() => render(tpl)).toThrow()
    })
})
