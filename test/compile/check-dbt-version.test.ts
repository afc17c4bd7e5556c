import { describe, expect, it } from 'vitest'
import { allows } from '../../src/compile/check-dbt-version.ts'

describe('require-dbt-version', () => {
  it.each([
    ['>=1.3.0', '1.10.13', true],
    ['>1.10.13', '1.10.13', false],
    ['<2.0.0', '1.10.13', true],
    ['<1.9', '1.10.13', false],
    ['<=1.10', '1.10.13', false],
    ['=1.10.13', '1.10.13', true],
    ['1.10.12', '1.10.13', false],
    ['anything', '1.10.13', true],
  ])('%s allows %s: %s', (range, version, allowed) => {
    expect(allows(range, version)).toBe(allowed)
  })
})
