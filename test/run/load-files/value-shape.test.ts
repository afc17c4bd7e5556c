import { describe, expect, it } from 'vitest'
import { shapeOfValues } from '../../../src/run/load-files/value-shape.ts'

function shape(...values: readonly (string | null)[]) {
  const seen = shapeOfValues()
  for (const value of values) seen.see(value)
  return seen.result()
}

describe('the type of a field', () => {
  it.each([
    [['1', '-20'], 'integer', undefined],
    [['1', '2147483648'], 'bigint', undefined],
    [['1', '9223372036854775808'], 'numeric', undefined],
    [['1', '1.50'], 'numeric', undefined],
    [['1', '1e-5'], 'double precision', undefined],
    [['1', '007'], 'text', undefined],
    [['true', 'FALSE'], 'boolean', undefined],
    [['yes', 'no'], 'boolean', 'yes|no'],
    [['2026-01-31', '2026-02-28'], 'date', undefined],
    [['2026-01-31', '2026-02-30'], 'text', undefined],
    [['31.01.2026'], 'date', 'DD.MM.YYYY'],
    [['01/02/2026', '31/01/2026'], 'date', 'DD/MM/YYYY'],
    [['01/02/2026', '01/31/2026'], 'date', 'MM/DD/YYYY'],
    [['2026-01-31T10:00:00Z', '2026-01-31 10:00+02'], 'timestamptz', undefined],
    [['2026-01-31T10:00:00', '2026-01-31 10:00'], 'timestamp', undefined],
    [['2026-01-31T10:00:00', '2026-01-31T10:00:00Z'], 'text', undefined],
    [['6f1b1c1e-aaaa-bbbb-cccc-ddddeeeeffff'], 'uuid', undefined],
    [['{"a": 1}', '[1]'], 'jsonb', undefined],
    [['{"a": 1}', '[1'], 'text', undefined],
    [[null, ''], 'text', undefined],
  ])('%j is %s', (values, type, format) => {
    const { type: found, format: foundFormat } = shape(...values)
    expect([found, foundFormat]).toEqual([type, format])
  })

  it('comes with the range of numbers and with what is missing', () => {
    expect(shape('5', null, '-3').remark).toBe('-3 to 5, 1 of 3 missing')
    expect(shape('a').remark).toBe('never missing')
    expect(shape(null).remark).toBe('no values')
  })
})
