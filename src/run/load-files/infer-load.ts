import { createInterface } from 'node:readline'
import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { parse as parseNow } from 'csv-parse/sync'
import { stringify } from 'yaml'
import type { FileFormat } from '../../core/load-spec.ts'
import { unpacker } from './decompress.ts'
import { formatOfName } from './file-names.ts'
import { partitionsOf, type SourceFile } from './file-source.ts'
import { type FilesAhead, openAhead } from './files-ahead.ts'
import { textBytes } from './foreign-bytes.ts'
import { withoutMark } from './record-chunks.ts'
import { type FieldShape, type ShapeOfValues, shapeOfValues } from './value-shape.ts'

/*
 * Writing the declaration of a load for files that are there. Here values are looked at, one by one: it is done once.
 */

export interface InferOptions {
  readonly name: string
  readonly schema: string
  /** What is written as `from`. */
  readonly from: string
  /** Where the names of the files do not tell. */
  readonly format?: FileFormat
  /** How many rows are looked at; undefined for all. */
  readonly rows?: number
  readonly signal: AbortSignal
}

/** What was found out. */
export interface InferredLoad {
  readonly yaml: string
  readonly rows: number
  readonly columns: number
}

const chunkBytes = 1024 * 1024

/** How texts are taken to be written, as far as only reading them tells. */
interface Writing {
  readonly encoding: 'utf8' | 'latin1'
  readonly hasQuotes: boolean
}

/** Reads files and writes the YAML of a load of them; anew where they turn out to be written otherwise. */
export async function inferLoad(files: readonly SourceFile[], options: InferOptions): Promise<InferredLoad> {
  const usual: Writing = { encoding: 'utf8', hasQuotes: true }
  const look = async (writing: Writing) => {
    try {
      return { writing, looked: await inferWritten(files, options, writing) }
    } catch (error) {
      if (!writing.hasQuotes || (error as { code?: string }).code !== 'INVALID_OPENING_QUOTE') throw error
      const plain = { ...writing, hasQuotes: false }
      return { writing: plain, looked: await inferWritten(files, options, plain) }
    }
  }
  const { writing, looked } = await look(usual)
  return looked.isBroken ? (await look({ ...writing, encoding: 'latin1' })).looked : looked
}

async function inferWritten(
  files: readonly SourceFile[],
  options: InferOptions,
  writing: Writing,
): Promise<InferredLoad & { readonly isBroken: boolean }> {
  const ahead = openAhead(files, options.signal)
  try {
    return await inferOpened(files, ahead.open, options, writing)
  } finally {
    ahead.close()
  }
}

async function inferOpened(
  files: readonly SourceFile[],
  open: FilesAhead['open'],
  options: InferOptions,
  writing: Writing,
): Promise<InferredLoad & { readonly isBroken: boolean }> {
  const fields = new Map<string, ShapeOfValues>()
  const partitions = new Map<string, ShapeOfValues>()
  const found = {
    rows: 0,
    delimiter: undefined as string | undefined,
    format: options.format,
    isBroken: false,
    isByPosition: false,
  }
  for (const file of files) {
    for (const [name, value] of partitionsOf(file.address)) shapeFor(partitions, name).see(value)
    const left = options.rows === undefined ? Number.POSITIVE_INFINITY : options.rows - found.rows
    if (left <= 0) break
    const told = options.format ?? formatOfName(file.address)
    if (told === 'parquet') {
      found.format = told
      found.rows += await seeParquet(textOf(file, open), fields, left)
      continue
    }
    const plain = Readable.from(withoutMark(textBytes(textOf(file, open))), { objectMode: false })
    const [firstLine, text] = await peeked(plain)
    const format = told ?? (firstLine.startsWith('{') ? 'ndjson' : 'csv')
    found.format = format
    if (format === 'ndjson') found.rows += await seeDocuments(text, fields, left, found, writing)
    else {
      const delimiter = format === 'tsv' ? '\t' : likelyDelimiter(firstLine)
      const rows = await seeRecords(text, delimiter, fields, left, found, writing)
      found.rows += rows
      found.delimiter = delimiter
    }
  }
  const columns = columnsOf(
    fields,
    partitions,
    found.format === 'ndjson' ? found.rows : undefined,
    found.isByPosition,
  )
  const usual = found.format === 'tsv' ? '\t' : ','
  const isTold = files.every(({ address }) => formatOfName(address) !== null)
  const heading = [
    ['name', options.name],
    ['kind', 'files'],
    ['from', options.from],
    ...(isTold ? [] : [['format', found.format!]]),
    ...(found.delimiter !== undefined && found.delimiter !== usual ? [['delimiter', found.delimiter]] : []),
    ...(writing.hasQuotes ? [] : [['quote', '']]),
    ...(found.isByPosition ? [['header', 'skip']] : []),
    ...(writing.encoding === 'utf8' ? [] : [['encoding', 'win1252']]),
  ]
  const lines = [
    found.format === 'parquet'
      ? '# Types are those that the files declare.'
      : '# Types are the narrowest that hold all values that were looked at.',
    'loads:',
    ...heading.map(([key, value], index) => `${index === 0 ? '  - ' : '    '}${key}: ${scalar(value!)}`),
    '    tables:',
    `      - name: ${scalar(options.name)}`,
    `        schema: ${scalar(options.schema)}`,
    '        columns:',
    ...columns.map(({ entry, remark }) => `          - { ${entry} } # ${remark}`),
  ]
  return {
    yaml: `${lines.join('\n')}\n`,
    rows: found.rows,
    columns: columns.length,
    isBroken: found.isBroken,
  }
}

function columnsOf(
  fields: ReadonlyMap<string, ShapeOfValues>,
  partitions: ReadonlyMap<string, ShapeOfValues>,
  /** Of documents, in which fields that are null need not stand at all. */
  documents: number | undefined,
  isByPosition: boolean,
) {
  const taken = new Set<string>()
  const entryOf = (field: string, shape: FieldShape, origin: 'from' | 'partition') => {
    const name = columnName(field, taken)
    const way = field.startsWith('$') ? [field] : field
    const parts = [
      `name: ${scalar(name)}`,
      `type: ${scalar(shape.type)}`,
      ...(origin === 'partition' ? [`partition: ${scalar(field)}`] : []),
      ...(origin === 'from' && name !== field && !isByPosition
        ? [`from: ${Array.isArray(way) ? `[${scalar(way[0]!)}]` : scalar(way)}`]
        : []),
      ...(shape.format ? [`format: ${scalar(shape.format)}`] : []),
    ]
    return { entry: parts.join(', '), remark: shape.remark }
  }
  return [
    ...[...fields].map(([field, shape]) => entryOf(field, shape.result(documents), 'from')),
    ...[...partitions].map(([field, shape]) => entryOf(field, shape.result(), 'partition')),
  ]
}

/** A name as columns have them, made from a field's; each only once. */
function columnName(field: string, taken: Set<string>): string {
  const plain = field
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z\d_]+/g, '_')
    .replace(/^_+|_+$/g, '')
  const base = plain === '' ? 'field' : /^\d/.test(plain) ? `_${plain}` : plain
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}_${count}`
  taken.add(name)
  return name
}

function scalar(text: string): string {
  // Within braces these mean something.
  if (/[,[\]{}]/.test(text)) return JSON.stringify(text)
  return stringify(text, {
    defaultStringType: 'PLAIN',
    defaultKeyType: 'PLAIN',
    // As projects are read: `yes` is a truth value there, unless it is quoted.
    version: '1.1',
    lineWidth: 0,
  } as object).trim()
}

function shapeFor(shapes: Map<string, ShapeOfValues>, name: string): ShapeOfValues {
  const known = shapes.get(name) ?? shapeOfValues()
  shapes.set(name, known)
  return known
}

function textOf(file: SourceFile, open: FilesAhead['open']): Readable {
  const unpack = unpacker(file)
  if (!unpack) return open(file)
  return pipeline(open(file), unpack, () => {})
}

async function seeRecords(
  text: Readable,
  delimiter: string,
  shapes: Map<string, ShapeOfValues>,
  most: number,
  found: Found,
  { encoding, hasQuotes }: Writing,
): Promise<number> {
  const shape = { relax_column_count: true, skip_empty_lines: true }
  const parser = parse({
    delimiter,
    encoding,
    quote: hasQuotes ? '"' : null,
    ...shape,
  })
  text.once('error', (error) => parser.destroy(error))
  text.pipe(parser)
  let columns: ShapeOfValues[] | undefined
  let rows = 0
  for await (const record of parser as AsyncIterable<string[]>) {
    if (!columns) {
      const names = record.map((name) => name.trim())
      // What is called alike, or not at all, can be told apart by its place only.
      found.isByPosition ||= new Set(names).size < names.length || names.includes('')
      found.isBroken ||= isBroken(names)
      columns = names.map((name, index) =>
        shapeFor(shapes, found.isByPosition ? `${name} ${index + 1}` : name),
      )
      continue
    }
    if (rows >= most) break
    rows++
    found.isBroken ||= encoding === 'utf8' && isBroken(record)
    for (const [index, shape] of columns.entries()) shape.see(record[index] ?? null)
  }
  text.destroy()
  return rows
}

/** What is found out besides the values. */
interface Found {
  /** Whether there are bytes that are no text in UTF-8. */
  isBroken: boolean
  /** Whether columns can be found by their place only. */
  isByPosition: boolean
}

function isBroken(texts: readonly string[]): boolean {
  return texts.some((text) => text.includes('\ufffd'))
}

/** Parquet as the records that loading makes of it. */
async function seeParquet(
  bytes: Readable,
  shapes: Map<string, ShapeOfValues>,
  most: number,
): Promise<number> {
  const { parquetReader } = await import('./parquet-reader.ts')
  const { copy, open } = parquetReader([])
  const { fields, types, chunks, close } = await open(bytes, () => chunkBytes)
  try {
    const columns = (fields as readonly string[]).map((name) => shapeFor(shapes, name))
    for (const [index, shape] of columns.entries()) shape.declare(types?.[index] ?? null)
    let rows = 0
    for await (const chunk of chunks) {
      for (const record of parseNow(chunk.bytes) as string[][]) {
        if (rows >= most) return rows
        rows++
        for (const [index, shape] of columns.entries())
          shape.see(record[index] === copy.nullText ? null : record[index]!)
      }
    }
    return rows
  } finally {
    await close?.()
  }
}

/** The first line of a text, and the whole text. */
async function peeked(text: Readable): Promise<[string, Readable]> {
  const pieces: Buffer[] = []
  for await (const piece of text.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pieces.push(piece)
    if (piece.includes(10)) break
  }
  if (pieces.length > 0 && !text.readableEnded) text.unshift(Buffer.concat(pieces))
  const whole = Buffer.concat(pieces)
  return [whole.toString('utf8').split('\n')[0]!, text.readableEnded ? Readable.from([whole]) : text]
}

/** The one that the header has most of. */
function likelyDelimiter(header: string): string {
  const counts = [',', ';', '\t', '|'].map((one) => [one, header.split(one).length] as const)
  return counts.sort((a, b) => b[1] - a[1])[0]![0]
}

async function seeDocuments(
  text: Readable,
  shapes: Map<string, ShapeOfValues>,
  most: number,
  found: Found,
  { encoding }: Writing,
): Promise<number> {
  let rows = 0
  text.setEncoding(encoding)
  for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    if (rows >= most) break
    rows++
    found.isBroken ||= encoding === 'utf8' && isBroken([line])
    for (const [key, value] of Object.entries(documentOf(line)))
      shapeFor(shapes, key).see(
        value === null || value === undefined
          ? null
          : typeof value === 'object'
            ? JSON.stringify(value)
            : String(value),
      )
  }
  text.destroy()
  return rows
}

/** A line that is no object has no fields; loading it finds it to be a bad row. */
function documentOf(line: string): object {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  } catch {
    return {}
  }
}
