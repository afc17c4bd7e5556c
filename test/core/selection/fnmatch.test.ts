import { describe, expect, it } from 'vitest'
import { fnmatch } from '../../../src/core/selection/fnmatch.ts'
import { pathMatch } from '../../../src/core/selection/path-match.ts'

describe('fnmatch', () => {
  // The expected values are what Python's fnmatch.fnmatchcase answers.
  it.each([
    ['stg_*', 'stg_users', true],
    ['stg_*', 'xstg_users', false],
    ['*', '', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[ab]x', 'bx', true],
    ['[!ab]x', 'bx', false],
    ['[!ab]x', 'cx', true],
    ['[a-c]1', 'b1', true],
    ['[]]', ']', true],
    ['[!]]', ']', false],
    ['[', '[', true],
    ['a[', 'a[', true],
    ['[z-a]', 'm', false],
    ['a.b', 'axb', false],
    ['a*', 'a/b.c\nd', true],
    ['[^a]', '^', true],
    ['[^a]', 'b', false],
    ['(a|b)+', '(a|b)+', true],
    ['Stg', 'stg', false],
  ])('%s on %s is %s', (pattern, text, expected) => {
    expect(fnmatch(pattern)(text)).toBe(expected)
  })
})

describe('pathMatch', () => {
  it.each([
    ['models/marts', 'models/marts', true],
    ['models/marts', 'models/marts/sales/orders.sql', false],
    ['models/marts', 'models/marts_old/orders.sql', false],
    ['models/marts/sales/orders.sql', 'models/marts/sales/orders.sql', true],
    ['./models/marts/', 'models/marts', true],
    ['models/*/orders.sql', 'models/marts/orders.sql', true],
    ['models/*/orders.sql', 'models/marts/sales/orders.sql', false],
    ['models/**/orders.sql', 'models/marts/sales/orders.sql', true],
    ['models/**/orders.sql', 'models/orders.sql', true],
    ['models/**', 'models/a/b.sql', true],
    ['models/*', 'models/a', true],
    ['models/stg_?.sql', 'models/stg_a.sql', true],
    ['marts', 'models/marts/a.sql', false],
    ['models\\marts', 'models/marts', true],
  ])('%s on %s is %s', (pattern, path, expected) => {
    expect(pathMatch(pattern)(path)).toBe(expected)
  })
})
