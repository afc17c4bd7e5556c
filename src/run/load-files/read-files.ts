import { pipeline, type Readable } from 'node:stream'
import type { FileFormat } from '../../core/load-spec.ts'
import type { LoadedFile } from '../../core/loaded-file.ts'
import { unpacker } from './decompress.ts'
import { delimitedReader } from './delimited-reader.ts'
import { digesting } from './file-digest.ts'
import { formatOfName } from './file-names.ts'
import { partitionsOf, type SourceFile } from './file-source.ts'
import { type FilesAhead, openAhead } from './files-ahead.ts'
import { ForeignBytesError, textBytes } from './foreign-bytes.ts'
import type { FormatReader, RecordFile } from './format-reader.ts'
import { ndjsonReader } from './ndjson-reader.ts'
import { type Chunk, EndlessRecordError } from './record-chunks.ts'
import { fieldsProblem, isText, type Route, routeOf, type TypedField } from './route.ts'
import { loadProblem, type RowsLoad } from './source-of.ts'

/*
 * Reading files one after the other, as chunks for whoever takes the next one.
 */

export interface Reading {
  readonly node: RowsLoad
  readonly files: readonly SourceFile[]
  readonly fields: readonly TypedField[]
  readonly signal: AbortSignal
}

/** A file of which chunks are copied; what they came to is added up in it. */
export interface FileUnderWay extends Pick<FormatReader, 'copy' | 'quote' | 'countsRows'> {
  readonly address: string
  readonly route: Route
  readonly partitionValues: readonly (string | null)[]
  rows: number
  badRows: number
}

/** A chunk to be copied. */
export interface Task {
  readonly file: FileUnderWay
  readonly chunk: Chunk
  /** Rises with every chunk of the load. */
  readonly ordinal: number
}

/** Files that are being read. */
export interface FilesReading {
  /** The next chunk; undefined when there is none any more. */
  next(): Promise<Task | undefined>
  /** Has chunks be smaller for a while: those that are sent again cost less then. */
  shrinkChunks(): void
  /** Takes note of rows that are done; tells how many there are, and about how many there will be. */
  count(rows: number): { readonly sofar: number; readonly expected: number | null }
  /** What has been read, when there is nothing more. */
  readonly loaded: readonly LoadedFile[]
  close(): Promise<void>
}

const chunkBytes = 1024 * 1024
const leastChunkBytes = 64 * 1024

/** Begins to read; nothing is read ahead of what is asked for, but for what streams do and small files far away. */
export function readFiles(reading: Reading): FilesReading {
  const { files, signal } = reading
  const ahead = openAhead(files, signal)
  const finished: (() => LoadedFile)[] = []
  const progress = { bytes: 0, rows: 0 }
  let sizeBytes = chunkBytes
  // A Parquet file is there as a whole before its first row is: its bytes tell nothing of what is left.
  const isTelling = ({ address, sizeBytes: size }: SourceFile) =>
    size !== undefined && formatFor(address, reading) !== 'parquet'
  const totalBytes = files.every(isTelling) ? files.reduce((sum, file) => sum + file.sizeBytes!, 0) : null
  const tasks = (async function* (): AsyncGenerator<Task> {
    let ordinal = 0
    for (const file of files) {
      const opened = await openFile(file, ahead.open, reading, (bytes) => {
        progress.bytes += bytes
      })
      const { underWay } = opened
      try {
        const records = opened.chunks(() => sizeBytes)
        for await (const chunk of await records) {
          sizeBytes = Math.min(chunkBytes, sizeBytes * 2)
          yield { file: underWay(), chunk, ordinal: ordinal++ }
        }
      } catch (error) {
        throw readProblem(error, file, reading)
      } finally {
        await opened.close()
        await file.close?.()
      }
      finished.push(opened.finish())
    }
  })()
  return {
    async next() {
      const { value, done } = await tasks.next()
      return done ? undefined : value
    },
    shrinkChunks() {
      sizeBytes = Math.max(leastChunkBytes, sizeBytes / 4)
    },
    count(rows) {
      progress.rows += rows
      const { bytes, rows: sofar } = progress
      const share = totalBytes === null || totalBytes === 0 ? null : Math.min(1, bytes / totalBytes)
      return { sofar, expected: share ? Math.round(sofar / share) : null }
    },
    get loaded() {
      return finished.map((file) => file())
    },
    async close() {
      ahead.close()
      await tasks.return(undefined)
    },
  }
}

/** Opens a file; what it holds is known when its first chunk is. */
async function openFile(
  file: SourceFile,
  open: FilesAhead['open'],
  reading: Reading,
  onBytes: (bytes: number) => void,
) {
  const { node } = reading
  const reader = await readerOf(file, reading)
  const { through, digest } = digesting(onBytes)
  const unpack = unpacker(file)
  const stages = [open(file), through, ...(unpack ? [unpack] : [])]
  const bytes = pipeline(stages, () => {}) as unknown as Readable
  let underWay: FileUnderWay | undefined
  let records: RecordFile | undefined
  return {
    underWay: () => underWay!,
    async chunks(sizeBytes: () => number): Promise<AsyncIterable<Chunk>> {
      const isText = formatFor(file.address, reading) !== 'parquet'
      records = await reader.open(isText ? textBytes(bytes) : bytes, sizeBytes)
      underWay = begun(file, reading, records.fields, reader)
      return records.chunks
    },
    async close() {
      await records?.close?.()
    },
    finish(): () => LoadedFile {
      const { sizeBytes, checksum } = digest()
      if (file.sizeBytes !== undefined && file.sizeBytes !== sizeBytes)
        throw loadProblem(
          node,
          `${file.address} has changed while it was read: it had ${file.sizeBytes} bytes, and ${sizeBytes} were read`,
          'load files that are complete; write them under another name and rename them',
        )
      const done = underWay!
      const { address, version } = file
      return () => ({ file: address, sizeBytes, version, checksum, rows: done.rows, badRows: done.badRows })
    },
  }
}

function begun(
  file: SourceFile,
  reading: Reading,
  found: readonly string[] | 'document',
  { copy, quote, countsRows }: FormatReader,
): FileUnderWay {
  const { node, fields } = reading
  const { spec } = node
  if (found !== 'document') {
    const wrong = fieldsProblem(found, spec.fields, spec.dialect.unknownFields)
    if (wrong) throw loadProblem(node, `${file.address}:1  ${wrong.message}`, wrong.hint)
  }
  const partitions = partitionsOf(file.address)
  const partitionValues = fields
    .filter(({ origin }) => origin === 'partition')
    .map(({ path }) => {
      const value = partitions.get(path[0]!)
      if (value !== undefined) return value
      throw loadProblem(
        node,
        `${file.address} lies in no folder '${path[0]}=…'`,
        "a column with 'partition' has its values from the names of folders",
      )
    })
  const route = routeOf(found, fields)
  return {
    ...{ address: file.address, route, partitionValues, quote, rows: 0, badRows: 0 },
    ...(countsRows && { countsRows }),
    copy: withEmptyAsNull(copy, route, reading),
  }
}

function formatFor(address: string, { node }: Reading): FileFormat | null {
  return node.spec.format ?? formatOfName(address)
}

async function readerOf({ address }: SourceFile, reading: Reading): Promise<FormatReader> {
  const { node } = reading
  const { spec } = node
  const format = formatFor(address, reading)
  const positions = spec.fields.flatMap(({ origin, path }) => (origin === 'field' ? [path[0]!] : []))
  if (format === 'parquet') {
    const { parquetReader } = await import('./parquet-reader.ts')
    return parquetReader(spec.dialect.unknownFields === 'ignore' ? positions : [])
  }
  if (format === 'ndjson') return ndjsonReader(spec.dialect.encoding)
  if (format !== null) return delimitedReader({ format, dialect: spec.dialect, positions })
  throw loadProblem(
    node,
    `the name of ${address} does not tell how it is written`,
    "say it: 'format: csv', tsv, ndjson or parquet",
  )
}

/** An empty text is no number, date or boolean, whether it is quoted or not. */
function withEmptyAsNull(
  copy: FormatReader['copy'],
  route: Route,
  { fields }: Reading,
): FormatReader['copy'] {
  if (copy.nullText !== '') return copy
  const texts = new Set(fields.filter(({ type }) => isText(type)).map(({ column }) => column))
  const forceNull =
    route.kind === 'direct' ? route.columns.filter((column) => !texts.has(column)) : route.emptyIsNull
  return forceNull.length > 0 ? { ...copy, forceNull } : copy
}

function readProblem(error: unknown, { address }: SourceFile, { node, signal }: Reading): unknown {
  if (signal.aborted || !(error instanceof Error) || 'problems' in error) return error
  if (error instanceof EndlessRecordError)
    return loadProblem(node, `${address}:${error.line}  ${error.message}`, 'is a quote missing?')
  if (error instanceof ForeignBytesError)
    return loadProblem(node, `${address} cannot be read: ${error.message}`, error.hint)
  const reason =
    error.message === 'incorrect header check'
      ? 'it is not packed with gzip, as its name says'
      : error.message
  return loadProblem(node, `${address} cannot be read: ${reason}`, 'nothing of it was loaded')
}
