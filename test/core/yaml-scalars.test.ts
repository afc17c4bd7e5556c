import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { WholeFloat } from '../../src/core/whole-float.ts'
import { withYamlScalars } from '../../src/core/yaml-scalars.ts'

/*
 * Words as PyYAML 6.0 reads them, in which dbt reads its files.
 */

describe('plain words of YAML', () => {
  const read = (word: string): unknown =>
    parse(`a: ${word}`, { version: '1.1', customTags: withYamlScalars }).a

  test.each([
    ['1_000', 1000],
    ['012', 10],
    ['0x1F', 31],
    ['0b11', 3],
    ['+1', 1],
    ['-0', 0],
    ['1:30', 90],
    ['190:20:30', 685230],
    ['.5', 0.5],
    ['1_0.5', 10.5],
    ['1:30.5', 90.5],
    ['1.5e-2', 0.015],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['.NaN', Number.NaN],
    ['12345678901234567890', 12345678901234567890n],
    ['yes', true],
    ['Off', false],
    ['~', null],
    ['NULL', null],
  ])('%s is %s', (word, value) => {
    expect(read(word)).toBe(value)
  })

  test.each([
    '.',
    '1e3',
    '1.5e3',
    '1.e3',
    '08',
    '0o14',
    'E8',
    '-.5',
    '+.5',
    '7E1',
    'y',
    'n',
    'tRue',
    '1,000',
    '2026-01-01',
    '0:8',
    '1.2.3',
  ])('%s is text', (word) => {
    expect(read(word)).toBe(word)
  })

  test.each([
    ['1.0', 1],
    ['0.', 0],
    ['1.5e+3', 1500],
    ['-2.0', -2],
  ])('%s is a float though it is whole', (word, value) => {
    expect(read(word)).toEqual(new WholeFloat(value))
    expect(`${read(word)}`).toBe(`${value}.0`)
  })
})
