import type { RowWriter } from '../../core/generator.ts'

/** Turns rows into CSV with a header, handed over in chunks of some 64 KiB. */
export interface CsvWriter extends RowWriter {
  /** Rows written so far, the one under way included. */
  readonly rows: number
  /** Ends the data; nothing can be written afterwards. */
  finish(): void
}

const chunkLength = 64 * 1024
const needsQuotes = /[",\r\n]/
const decoder = new TextDecoder()

/**
 * Makes a writer for a table; its columns must be written in order. Null is an empty value and an empty text a quoted
 * one, as COPY has it; times are in UTC, to the microsecond.
 */
export function makeCsvWriter(
  table: string,
  columns: readonly { readonly name: string }[],
  onChunk: (chunk: string) => void,
): CsvWriter {
  let text = `${columns.map(({ name }) => quoted(name)).join(',')}\n`
  let rows = 0
  let place = columns.length
  const put = (value: string): void => {
    if (place >= columns.length)
      throw new RangeError(`${table}: more values than its ${columns.length} columns`)
    text += place === 0 ? value : `,${value}`
    place++
  }
  const endRow = (): void => {
    if (place < columns.length)
      throw new RangeError(`${table}: ${place} values for its ${columns.length} columns`)
    if (rows > 0) text += '\n'
    if (text.length < chunkLength) return
    onChunk(text)
    text = ''
  }
  const number = (value: number): void => put(String(value))
  return {
    get rows() {
      return rows
    },
    startRow() {
      endRow()
      rows++
      place = 0
    },
    null: () => put(''),
    bool: (value) => put(value ? 't' : 'f'),
    int2: number,
    int4: number,
    int8: number,
    float8: (value) => put(Object.is(value, -0) ? '-0' : String(value)),
    text: (value) => put(quoted(value)),
    textBytes: (value) => put(quoted(decoder.decode(value))),
    texts({ texts }) {
      for (const value of texts) put(value === null ? '' : quoted(value))
    },
    timestamptz: (micros) => put(instantText(micros)),
    date: (days) => put(new Date(days * 86_400_000).toISOString().slice(0, 10)),
    finish() {
      endRow()
      if (text !== '') onChunk(text)
      text = ''
    },
  }
}

function quoted(value: string): string {
  return value === '' || needsQuotes.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

function instantText(micros: number): string {
  const millis = Math.floor(micros / 1000)
  const iso = new Date(millis).toISOString()
  const rest = micros - millis * 1000
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}
