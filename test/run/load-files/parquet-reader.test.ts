import { createReadStream, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { expect, it } from 'vitest'
import { parquetReader } from '../../../src/run/load-files/parquet-reader.ts'

/** The fields of a file, and its records as COPY gets them. */
async function read(bytes: AsyncIterable<Buffer>, wanted: readonly string[] = [], sizeBytes = 1e6) {
  const { fields, chunks, close } = await parquetReader(wanted).open(bytes, () => sizeBytes)
  const records: string[][] = []
  const lines: number[] = []
  try {
    for await (const chunk of chunks) {
      lines.push(chunk.line)
      records.push(...(parse(chunk.bytes) as string[][]))
    }
  } finally {
    await close?.()
  }
  return { fields: fields as readonly string[], records, lines }
}

/** Written by pyarrow 26 in two groups of rows, packed by zstd. */
const path = join(import.meta.dirname, 'files/pyarrow.parquet')
const pyarrow = () => createReadStream(path)

it('has all digits of what another program wrote, and what is nested as JSON', async () => {
  const { fields, records, lines } = await read(pyarrow())
  expect(lines).toEqual([1])
  const columns = Object.fromEntries(
    fields.map((field, at) => [field, records.map((record) => record[at])] as const),
  )
  const none = '\\N'
  expect(columns).toEqual({
    id: ['9007199254740993', '2', '3'],
    small: ['1', none, '-3'],
    day: ['2026-01-01', none, '1969-12-31'],
    amount: ['1.50', none, '-123456789012345.67'],
    huge: ['12345678901234567890.0123456789', none, '-0.5000000001'],
    word: ['a "quoted", text', none, 'two\nlines \\. äöü\u2028'],
    kind: ['x', 'y', 'x'],
    at: ['2026-01-01 11:00:00.123456+00', none, '1969-12-31 23:59:59.999999+00'],
    plain_at: ['2026-01-01 11:00:00.500', none, '1969-12-31 23:59:59.999'],
    nano_at: ['2026-01-01 11:00:00.123456000', none, '1970-01-01 00:00:00.000000001'],
    clock: ['01:01:01.000001', none, '00:00:00'],
    yes: ['true', none, 'false'],
    ratio: ['0.1', 'NaN', '-Infinity'],
    flt: ['0.10000000149011612', none, '1.5'],
    bytes: ['\\x00ff', none, '\\x'],
    empty: ['', none, none],
    nested: ['{"a":1,"b":[{"c":1.10,"d":"2026-01-01"},null],"m":"q\\""}', none, '{"a":null,"b":[],"m":null}'],
    list: ['[1,null,3]', none, '[]'],
    map: ['{"k":1.5,"l":null}', none, '{}'],
    u64: ['18446744073709551615', none, '0'],
  })
})

it('reads only the fields that are needed, in chunks as long as they are to be', async () => {
  expect(await read(pyarrow(), ['yes', 'id'], 4)).toEqual({
    fields: ['id', 'yes'],
    records: [
      ['9007199254740993', 'true'],
      ['2', '\\N'],
      ['3', 'false'],
    ],
    lines: [1, 2, 3],
  })
  // Which one is missing is told by all that there are.
  expect((await read(pyarrow(), ['id', 'absent'])).fields).toHaveLength(20)
})

it.each(['pages-v1-lz4', 'pages-v2-snappy'])('reads pages that end at different rows: %s', async (name) => {
  // Written by pyarrow 26 in two groups, their pages of a few rows each; lists go on from page to page.
  const file = createReadStream(join(import.meta.dirname, `files/${name}.parquet`))
  const { records, lines } = await read(file, [], 2000)
  const none = '\\N'
  const expected = Array.from({ length: 300 }, (_, row) => {
    const items = Array.from({ length: row % 7 }, (_item, at) => (at === 2 ? null : row * 10 + at))
    const tags = Array.from({ length: row % 4 }, (_tag, at) => `t${at}`)
    return [
      String(row),
      row % 11 === 0 ? none : JSON.stringify(items),
      row % 13 === 0 ? none : JSON.stringify({ name: `n${row}`, tags }),
      JSON.stringify({ x: row, y: -row }),
      row % 3 === 0 ? none : `word ${row % 5}`,
    ]
  })
  expect(records).toEqual(expected)
  expect(lines.length).toBeGreaterThan(5)
  for (const [index, line] of lines.entries()) expect(line).toBeGreaterThan(lines[index - 1] ?? 0)
})

it('encloses a text that reads like null', async () => {
  const { chunks, close } = await parquetReader(['empty']).open(pyarrow(), () => 1e6)
  let text = ''
  for await (const { bytes } of chunks) text += bytes
  await close?.()
  expect(text).toBe('""\n\\N\n"\\N"\n')
})

it('unpacks gzip and brotli', async () => {
  for (const [codec, pack] of [['GZIP', gzipSync] as const, ['BROTLI', brotliCompressSync] as const]) {
    const writer = new ByteWriter()
    const parquet = new ParquetWriter({
      ...{ writer, codec, compressors: { [codec]: (input: Uint8Array) => pack(input) } },
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'word', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      ],
    })
    const data = Array.from({ length: 1000 }, (_, at) => `word ${at % 7}`)
    parquet.write({ columnData: [{ name: 'word', data }] })
    parquet.finish()
    const { records } = await read(Readable.from([Buffer.from(writer.getBytes())]))
    expect(records.flat()).toEqual(data)
  }
})

it('refuses what is broken, and leaves nothing of it', async () => {
  const spools = () => readdirSync(tmpdir()).filter((name) => name.startsWith('estimand-spool-'))
  const folder = await mkdtemp(join(tmpdir(), 'estimand-parquet-'))
  const before = spools()
  const whole = readFileSync(path)
  const broken = [Buffer.alloc(0), whole.subarray(0, whole.length - 100), Buffer.from('id,word\n1,a\n')]
  // Within the pages of the first column.
  const spoiled = Buffer.from(whole)
  spoiled.fill(0xff, 4, 200)
  for (const bytes of [...broken, spoiled]) {
    await writeFile(join(folder, 'broken'), bytes)
    await expect(read(createReadStream(join(folder, 'broken')))).rejects.toThrow(Error)
  }
  expect(spools().filter((name) => !before.includes(name))).toEqual([])
  await rm(folder, { recursive: true })
})
