import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { encodeTexts } from '../../../src/core/encoded-texts.ts'
import { makeCsvWriter } from '../../../src/run/generate-files/csv-writer.ts'

const columns = ['a', 'b "quoted"', 'c'].map((name) => ({ name }))

function written(write: (writer: ReturnType<typeof makeCsvWriter>) => void): string {
  let text = ''
  const writer = makeCsvWriter('s.t', columns, (chunk) => {
    text += chunk
  })
  write(writer)
  writer.finish()
  return text
}

describe('rows as CSV', () => {
  it('are what a strict reader reads', () => {
    const texts = ['plain', 'with, comma', 'with "quotes"', 'two\nlines', '', 'é']
    const text = written((writer) => {
      for (const value of texts) {
        writer.startRow()
        writer.text(value)
        writer.textBytes(new TextEncoder().encode(value))
        writer.int4(-7)
      }
    })
    expect(parse(text)).toEqual([['a', 'b "quoted"', 'c'], ...texts.map((value) => [value, value, '-7'])])
  })

  it('take texts that were made beforehand', () => {
    const text = written((writer) => {
      writer.startRow()
      writer.texts(encodeTexts(['with, comma', null, '']))
    })
    expect(text.split('\n')[1]).toBe('"with, comma",,""')
  })

  it('tell null from an empty text', () => {
    const text = written((writer) => {
      writer.startRow()
      writer.null()
      writer.text('')
      writer.bool(true)
    })
    expect(text).toBe('a,"b ""quoted""",c\n,"",t\n')
  })

  it('have times in UTC to the microsecond, before 1970 too, and days', () => {
    const text = written((writer) => {
      writer.startRow()
      writer.timestamptz(1_769_904_000_123_004)
      writer.timestamptz(-1)
      writer.date(20_000)
    })
    expect(text.split('\n')[1]).toBe('2026-02-01T00:00:00.123004Z,1969-12-31T23:59:59.999999Z,2024-10-04')
  })

  it('are held to the columns', () => {
    const tooFew = (writer: ReturnType<typeof makeCsvWriter>) => {
      writer.startRow()
      writer.int4(1)
    }
    expect(() => written(tooFew)).toThrow('1 values for its 3 columns')
    const tooMany = (writer: ReturnType<typeof makeCsvWriter>) => {
      writer.startRow()
      for (let value = 0; value < 4; value++) writer.int4(value)
    }
    expect(() => written(tooMany)).toThrow('more values than its 3 columns')
  })

  it('are only a header where there are none', () => {
    expect(written(() => {})).toBe('a,"b ""quoted""",c\n')
  })
})
