import { expect, it } from 'vitest'
import { alternatives, pathPattern } from '../../../src/run/load-files/glob-pattern.ts'

const matches = (pattern: string, path: string) =>
  alternatives(pattern).some((one) => pathPattern(one).test(path))

it.each([
  ['in/*.csv', 'in/a.csv', true],
  ['in/*.csv', 'in/b/a.csv', false],
  ['in/*.csv', 'in/.a.csv', false],
  ['in/.*.csv', 'in/.a.csv', true],
  ['in/day=*/*.csv', 'in/day=2026-01-01/a.csv', true],
  ['in/day=*/*.csv', 'in/day=/a.csv', true],
  ['in/**/*.csv', 'in/a.csv', true],
  ['in/**/*.csv', 'in/b/c/a.csv', true],
  ['in/**/*.csv', 'in/_b/a.csv', false],
  ['in/**/*.csv', 'inner/a.csv', false],
  ['**', 'a.csv', true],
  ['**/a.csv', 'a.csv', true],
  ['in/?.csv', 'in/a.csv', true],
  ['in/?.csv', 'in/ab.csv', false],
  ['in/{a,b}.{csv,tsv}', 'in/b.tsv', true],
  ['in/{a,b}.csv', 'in/c.csv', false],
  ['in/a+(1).csv', 'in/a+(1).csv', true],
  ['in/a.csv', 'in/aXcsv', false],
])('%s and %s: %s', (pattern, path, isMatch) => {
  expect(matches(pattern, path)).toBe(isMatch)
})
