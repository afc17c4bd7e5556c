import { createRequire } from 'node:module'
import zlib from 'node:zlib'
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaElement,
} from 'hyparquet'
import type { FormatReader } from './format-reader.ts'
import { parquetField } from './parquet-value.ts'
import type { Chunk } from './record-chunks.ts'
import { spoolFile } from './spool-file.ts'

/*
 * Parquet has its contents at its end and its values by columns. The bytes go to a temporary file therefore, and from
 * there one group of rows after the other into records of CSV, so that what is held is one group.
 */

/** No value is written so: texts with a backslash are enclosed. */
const nullText = '\\N'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Values as they lie there, where the library would round them or make something else of them. */
const parsers = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (days: number) => days,
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes),
}

const compressors = {
  GZIP: (input: Uint8Array) => zlib.gunzipSync(input),
  BROTLI: (input: Uint8Array) => zlib.brotliDecompressSync(input),
  ZSTD: unpackZstd,
}

/** Reads Parquet; `wanted` are the only fields that are needed, where others are to be passed over. */
export function parquetReader(wanted: readonly string[]): FormatReader {
  return {
    quote: 34,
    countsRows: true,
    copy: { format: 'csv', delimiter: ',', quote: '"', nullText, encoding: 'utf8' },
    async open(bytes, sizeBytes) {
      const file = await spoolFile(bytes)
      try {
        const metadata = await parquetMetadataAsync(file, { geoparquet: false })
        const names = parquetSchema(metadata).children.map(({ element }) => element.name)
        const isEnough = wanted.length > 0 && wanted.every((name) => names.includes(name))
        const fields = isEnough ? names.filter((name) => wanted.includes(name)) : names
        return { fields, chunks: chunksOf(file, metadata, fields, sizeBytes), close: file.close }
      } catch (error) {
        await file.close()
        throw error
      }
    },
  }
}

async function* chunksOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  fields: readonly string[],
  sizeBytes: () => number,
): AsyncGenerator<Chunk> {
  const children = parquetSchema(metadata).children
  const texts = fields.map((field) => parquetField(children.find(({ element }) => element.name === field)!))
  const plain = { ...metadata, schema: metadata.schema.map(withoutDecimal) }
  const options = { parsers, compressors, utf8: false, geoparquet: false, useOffsetIndex: false }
  const { ranges, readColumn } = await parquetScan({
    file,
    metadata: plain,
    columns: [...fields],
    ...options,
  })
  for (const { rowStart, rowEnd } of ranges) {
    const columns: ArrayLike<unknown>[] = []
    for (const column of fields) columns.push(await readColumn({ column, rowStart, rowEnd }))
    let wanted = sizeBytes()
    let [text, line] = ['', rowStart + 1]
    for (let row = 0; row < rowEnd - rowStart; row++) {
      for (let at = 0; at < columns.length; at++) {
        const value = columns[at]![row]
        if (at > 0) text += ','
        text += value === null || value === undefined ? nullText : texts[at]!(value)
      }
      text += '\n'
      if (text.length < wanted) continue
      yield { bytes: Buffer.from(text), line }
      wanted = sizeBytes()
      text = ''
      line = rowStart + row + 2
    }
    if (text !== '') yield { bytes: Buffer.from(text), line }
  }
}

/** The library makes floating-point numbers of decimals; without the mark it leaves their digits alone. */
function withoutDecimal(element: SchemaElement): SchemaElement {
  const { converted_type, logical_type, ...rest } = element
  return converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL' ? rest : element
}

/** Node has it from 22.15 on. */
function unpackZstd(input: Uint8Array): Uint8Array {
  const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync?: (input: Uint8Array) => Buffer }
  if (zstdDecompressSync) return zstdDecompressSync(input)
  const { decompress } = createRequire(import.meta.url)('fzstd') as {
    readonly decompress: (input: Uint8Array) => Uint8Array
  }
  return decompress(input)
}
