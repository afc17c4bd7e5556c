import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Chunk, recordChunks } from '../../../src/run/load-files/record-chunks.ts'
import {
  placesAtLines,
  placesOfRecords,
  scanRecords,
  serverLines,
  withLikeBreaks,
  withoutEndMark,
} from '../../../src/run/load-files/scan-records.ts'

const quote = 34
const text = fc
  .array(fc.constantFrom('a', ',', '"', '\n', '\r\n', 'é'), { maxLength: 60 })
  .map((parts) => Buffer.from(parts.join('')))

/** The same byte by byte. */
function slowScan(bytes: Buffer) {
  let [end, lines, all, isOpen] = [0, 0, 0, false]
  for (const [at, byte] of bytes.entries()) {
    if (byte === quote) isOpen = !isOpen
    if (byte !== 10) continue
    all++
    if (!isOpen) [end, lines] = [at + 1, all]
  }
  return { end, lines }
}

function slowPlaces(bytes: Buffer) {
  const places: object[] = []
  let [start, line, lines, feeds, returns, isOpen] = [0, 0, 0, 0, 0, false]
  const finish = (end: number) => {
    places.push({ start, end, line, lines, feeds, returns })
    ;[start, line, lines, feeds, returns] = [end, line + lines, 0, 0, 0]
  }
  for (const [at, byte] of bytes.entries()) {
    if (byte === quote) isOpen = !isOpen
    if (byte === 13 && isOpen) returns++
    if (byte !== 10) continue
    lines++
    if (isOpen) feeds++
    else finish(at + 1)
  }
  if (start < bytes.length) finish(bytes.length)
  return places
}

describe('records', () => {
  it('end where a slow look finds it', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        expect(scanRecords(bytes, quote)).toEqual(slowScan(bytes))
      }),
    )
  })

  it('come in chunks that are the whole, cut between records, at the right lines', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        async (bytes, size, piece) => {
          async function* pieces() {
            for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
          }
          const chunks: Chunk[] = []
          for await (const chunk of recordChunks(pieces(), { quote, sizeBytes: () => size }))
            chunks.push(chunk)
          expect(Buffer.concat(chunks.map((chunk) => chunk.bytes))).toEqual(bytes)
          let [before, line] = [Buffer.alloc(0), 1]
          for (const chunk of chunks) {
            expect(chunk.line).toBe(line)
            expect(slowScan(before).end).toBe(before.length)
            before = Buffer.concat([before, chunk.bytes])
            line = 1 + before.filter((byte) => byte === 10).length
          }
        },
      ),
    )
  })

  it('have lines, and line breaks in their values, as a slow look finds them', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        expect(placesOfRecords(bytes, quote)).toEqual(slowPlaces(bytes))
      }),
    )
  })

  it('are found at the lines that the server counts', () => {
    const bytes = Buffer.from('1,"a\nb"\n2,"c\nd"\nx,e\n3,f\n')
    expect(serverLines(bytes, placesOfRecords(bytes, quote))).toEqual([1, 3, 4, 5])
    expect(placesAtLines(bytes, quote, [4]).map(({ line }) => line)).toEqual([4])
  })

  it('stand one behind the other', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        const places = placesOfRecords(bytes, quote)
        expect(Buffer.concat(places.map(({ start, end }) => bytes.subarray(start, end)))).toEqual(bytes)
      }),
    )
  })

  it('are no end of the data, whatever stands in them', () => {
    const marked = (before: string) => withoutEndMark(Buffer.from(before), quote, '"').toString()
    expect(marked('a\n\\.\nb\r\n\\.\r\n\\.')).toBe('a\n"\\."\nb\r\n"\\."\r\n"\\."')
    expect(marked('\\.,a\n"\n\\.\n"\n')).toBe('\\.,a\n"\n\\.\n"\n')
  })

  it('are given one end of line where they have two, and otherwise left', () => {
    const alike = (before: string) => withLikeBreaks(Buffer.from(before), quote).toString()
    expect(alike('a\nb\r\n"c\r\nd"\r\n')).toBe('a\nb\n"c\r\nd"\n')
    expect(alike('a\r\n"b\nc"\r\n')).toBe('a\r\n"b\nc"\r\n')
    expect(alike('a\nb\n')).toBe('a\nb\n')
  })
})
