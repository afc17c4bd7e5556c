import { createRequire } from 'node:module'
import zlib from 'node:zlib'
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import type { FormatReader } from './format-reader.ts'
import { type ParquetColumn, parquetColumn } from './parquet-column.ts'
import { parquetType } from './parquet-type.ts'
import { parquetField } from './parquet-value.ts'
import type { Chunk } from './record-chunks.ts'
import { spoolFile } from './spool-file.ts'

/*
 * Parquet has its contents at its end and its values by columns. The bytes go to a temporary file therefore, and from
 * there page by page into records of CSV, so that what is held is a page of each column.
 */

/** No value is written so: texts with a backslash are enclosed. */
const nullText = '\\N'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Values as they lie there, where the library would round them or make something else of them. */
const parsers = {
  ...DEFAULT_PARSERS,
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (days: number) => days,
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes),
}

const compressors: Compressors = {
  GZIP: (input: Uint8Array) => zlib.gunzipSync(input),
  BROTLI: (input: Uint8Array) => zlib.brotliDecompressSync(input),
  ZSTD: unpackZstd,
}

/** What Node has not is read only where a file needs it. */
async function compressorsFor({ row_groups: groups }: FileMetaData): Promise<Compressors> {
  const isPacked = groups.some(({ columns }) => columns.some((one) => one.meta_data?.codec.startsWith('LZ4')))
  if (!isPacked) return compressors
  const { decompressLz4, decompressLz4Raw } = await import('hyparquet-compressors')
  return { ...compressors, LZ4: decompressLz4, LZ4_RAW: decompressLz4Raw }
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
        const schema = parquetSchema(metadata)
        const names = schema.children.map(({ element }) => element.name)
        const isEnough = wanted.length > 0 && wanted.every((name) => names.includes(name))
        const fields = isEnough ? names.filter((name) => wanted.includes(name)) : names
        const types = fieldsOf(schema, fields).map(parquetType)
        return { fields, types, chunks: chunksOf(file, metadata, fields, sizeBytes), close: file.close }
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
  const texts = fieldsOf(parquetSchema(metadata), fields).map(parquetField)
  const schema = parquetSchema({ ...metadata, schema: metadata.schema.map(withoutDecimal) })
  const wanted = fieldsOf(schema, fields)
  const options = { parsers, compressors: await compressorsFor(metadata), utf8: false }
  let [text, line, row, most] = ['', 1, 0, sizeBytes()]
  for (const group of metadata.row_groups) {
    const columns = wanted.map((field) => parquetColumn(file, group, schema, field, options))
    for await (const { rows, values } of slicesOf(columns, Number(group.num_rows))) {
      for (let at = 0; at < rows; at++) {
        text += recordOf(values, texts, at)
        row++
        if (text.length < most) continue
        yield { bytes: Buffer.from(text), line }
        ;[text, line, most] = ['', row + 1, sizeBytes()]
      }
    }
  }
  if (text !== '') yield { bytes: Buffer.from(text), line }
}

function fieldsOf({ children }: SchemaTree, names: readonly string[]): SchemaTree[] {
  return names.map((name) => children.find(({ element }) => element.name === name)!)
}

/** The values of a group of rows: of as many rows at a time as all columns have. */
async function* slicesOf(columns: readonly ParquetColumn[], groupRows: number) {
  for (let left = groupRows; left > 0; ) {
    for (const column of columns) if (column.available === 0) await column.fill()
    const rows = Math.min(left, ...columns.map(({ available }) => available))
    yield { rows, values: columns.map((column) => column.take(rows)) }
    left -= rows
  }
}

function recordOf(
  values: readonly ArrayLike<unknown>[],
  texts: readonly ((value: unknown) => string)[],
  row: number,
): string {
  let record = ''
  for (let at = 0; at < values.length; at++) {
    const value = values[at]![row]
    if (at > 0) record += ','
    record += value === null || value === undefined ? nullText : texts[at]!(value)
  }
  return `${record}\n`
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
