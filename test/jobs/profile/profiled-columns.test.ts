import { expect, test } from 'vitest'
import { columnKind } from '../../../src/jobs/profile/profiled-columns.ts'

test('a column is of the kind of its type, whatever somebody called a type', () => {
  expect(columnKind({ base: 'int4' })).toBe('number')
  expect(columnKind({ base: 'timestamptz' })).toBe('time')
  for (const base of ['constructor', 'toString', '__proto__', 'jsonb'])
    expect(columnKind({ base })).toBe('other')
})
