import { describe, expect, test } from 'vitest'
import { dbtColumn, dbtColumnNames, dbtNumber } from '../../../src/run/csv/dbt-types.ts'

/*
 * What agate 1.9 makes of the same values in dbt's types.
 */

describe('a number for dbt', () => {
  test.each([
    ['007', '7'],
    ['1,000', '1000'],
    ['$1,000.50', '1000.50'],
    ['-$5', '-5'],
    ['--5', '5'],
    ['5 %', '5'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1E+3', '1000'],
    ['1e-3', '0.001'],
    ['12.5e1', '125'],
    ['1_000', '1000'],
  ])('%s is %s', (text, number) => expect(dbtNumber(text)).toBe(number))

  test.each(['', '(3)', '1 000', '0x1f', '5-', '1.2.3', 'e5', '-', '%'])('%s is none', (text) =>
    expect(dbtNumber(text)).toBeNull(),
  )
})

describe('a column for dbt', () => {
  test.each([
    [['007', '2'], 'integer', ['7', '2']],
    [['1.0', '2.00'], 'integer', ['1', '2']],
    [['1.5', '$2'], 'float8', ['1.5', '2']],
    [['3000000000'], 'bigint', null],
    [['1', 'x'], 'text', null],
    [['2020-2-1', '2020-02-29'], 'date', null],
    [['2020-02-30'], 'text', null],
    [['2020-2-1 7:05:06', '2020-02-01  10:00:00'], 'timestamp', null],
    [['2020-02-01 10:00'], 'text', null],
    [['2020-02-01', '2020-02-01 10:00:00'], 'text', null],
    [['2020-02-01T10:00', '20200201T100000.5'], 'timestamp', null],
    [['TRUE', 'false'], 'boolean', null],
    [['t'], 'text', null],
    [[], 'integer', null],
  ] as const)('of %j is %s', (values, type, cleaned) => {
    const column = dbtColumn()
    for (const value of values) column.note(value)
    const result = column.result()
    expect(result.type).toBe(type)
    expect(result.clean && values.map(result.clean)).toEqual(cleaned)
  })

  test('with a zone is loaded as a moment', () => {
    const column = dbtColumn()
    column.note('2020-02-01T10:00:00+02:00')
    expect(column.result()).toMatchObject({ type: 'timestamp', loadAs: 'timestamptz' })
  })

  test('gets a name where it has none of its own', () => {
    expect(dbtColumnNames(['id', '', 'id', 'id', 'e', ''])).toEqual(['id', 'b', 'id_2', 'id_3', 'e', 'f'])
  })
})
