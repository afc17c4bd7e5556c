import { describe, expect, it } from 'vitest'
import { valueSql } from '../../../src/run/load-files/value-sql.ts'
import { ServerError, sql, sqlLiteral } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../../warehouse/test-database.ts'

const warehouse = useWarehouse()

/** The value that a text becomes, as text; what the server says where it becomes none. */
async function valueBy(text: string, type: string, format: string): Promise<string | null> {
  const value = valueSql(sql`staged.text`, type, format)
  try {
    const { rows } = await warehouse().query<{ value: string | null }>(sql`
      with staged as materialized (select ${sqlLiteral(text)}::text as text)
      select (${value})::text as value from staged`)
    return rows[0]!.value
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    return `! ${error.failure.message}`
  }
}

const isRefused = (text: string, type: string, format: string) =>
  `! invalid input syntax for type ${type}: "${text} is not ${format}"`

describe('a number by a template', () => {
  it.each([
    ['9,999.99', '1,234.50', '1234.50'],
    ['9,999.99', '1234.5', '1234.5'],
    ['9,999.99', ' -12 ', '-12'],
    ['9,999.99', '.5', '0.5'],
    ['999G999D99', '12,345.6', '12345.6'],
    ['999,999,999', '1,234,567', '1234567'],
    ['L9,999', '$1,234', '1234'],
    ['9999MI', '12-', '-12'],
    ['9999PR', '<12>', '-12'],
    ['S9999', '+12', '12'],
    ['99999 "EUR"', '12 EUR', '12'],
    ['FM9999', '12', '12'],
  ])('%s reads %s', async (format, text, value) => {
    expect(Number(await valueBy(text, 'numeric(12,2)', format))).toBe(Number(value))
  })

  it.each([
    ['99', '12 or 3'],
    ['99', '123'],
    ['999', '12x'],
    ['999', 'x12'],
    ['999', ''],
    ['9,999', '1,2'],
    ['9,999', '12,345'],
    ['9,999.99', '1.234,50'],
    ['9,999.99', '1.234'],
    ['9999', '1.5'],
    ['9999', '1 2'],
    ['9999', '--1'],
  ])('%s refuses %s, of which something would be lost', async (format, text) => {
    expect(await valueBy(text, 'numeric', format)).toBe(isRefused(text, 'numeric', format))
    expect(await valueBy(text, 'integer', format)).toBe(isRefused(text, 'integer', format))
  })
})

describe('a date or time by a template', () => {
  it.each([
    ['date', 'DD.MM.YYYY', '31.01.2026', '2026-01-31'],
    ['date', 'DD.MM.YYYY', ' 1.2.2026 ', '2026-02-01'],
    ['date', 'DD.MM.YYYY', '31-01-2026', '2026-01-31'],
    ['date', 'YYYYMMDD', '20260131', '2026-01-31'],
    ['date', 'DD Mon YY', '31 jan 26', '2026-01-31'],
    ['date', 'FMMonth DD, YYYY', 'January 31, 2026', '2026-01-31'],
    ['date', 'Dy, DD Mon YYYY', 'Sat, 31 Jan 2026', '2026-01-31'],
    ['date', 'YYYY-DDD', '2026-031', '2026-01-31'],
    ['date', 'IYYY-"W"IW-ID', '2026-W05-6', '2026-01-31'],
    ['timestamp', 'DD/MM/YYYY HH24:MI', '31/01/2026 9:05', '2026-01-31 09:05:00'],
    ['timestamp', 'MM/DD/YYYY HH12:MI:SS AM', '01/31/2026 09:05:07 pm', '2026-01-31 21:05:07'],
    ['timestamp', 'YYYYMMDD"T"HH24MISS', '20260131T090507', '2026-01-31 09:05:07'],
    ['timestamp', 'YYYY-MM-DD HH24:MI:SS.MS', '2026-01-31 09:05:07.25', '2026-01-31 09:05:07.25'],
    ['timestamp', 'YYYY-MM-DD HH24:MI:SS.US', '2026-01-31 09:05:07.000251', '2026-01-31 09:05:07.000251'],
  ])('as %s, %s reads %s', async (type, format, text, value) => {
    expect(await valueBy(text, type, format)).toBe(value)
  })

  it.each([
    ['date', 'DD.MM.YYYY', '31.01.2026 23:59'],
    ['date', 'DD.MM.YYYY', '31.01.2026x'],
    ['date', 'DD.MM.YYYY', '31.01.26'],
    ['date', 'DD.MM.YYYY', 'on 31.01.2026'],
    ['date', 'DD.MM.YYYY', ''],
    ['date', 'YYYYMMDD', '2026131'],
    ['date', 'YYYYMMDD', '202601310'],
    ['timestamp', 'DD.MM.YYYY HH24:MI', '31.01.2026 09:05:59'],
    ['timestamp', 'DD.MM.YYYY HH24:MI', '31.01.2026'],
  ])('as %s, %s refuses %s', async (type, format, text) => {
    expect(await valueBy(text, type, format)).toBe(isRefused(text, type, format))
  })

  it('refuses days that there are not, in the words of the server', async () => {
    expect(await valueBy('31.02.2026', 'date', 'DD.MM.YYYY')).toContain('out of range')
  })
})
