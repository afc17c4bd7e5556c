import { type CopyRows, ServerError, type Session, type SQLQuery } from '../../warehouse/index.ts'
import { EndlessRecordError, recordChunks } from '../load-files/record-chunks.ts'
import { placesOfRecords } from '../load-files/scan-records.ts'
import { type ExportFile, openTextFile } from './export-file.ts'
import {
  type ExportColumn,
  exportColumns,
  exportProblem,
  exportQuery,
  settleNotation,
} from './export-query.ts'
import { type ExportTarget, partitionPath } from './export-target.ts'

/*
 * Rows of a query into files, through COPY: what the server writes goes to the disk as it comes, so memory stays flat.
 * Rows for Parquet are gathered in groups first.
 */

export interface ExportRequest {
  readonly query: SQLQuery
  readonly target: ExportTarget
  /** The column of dates by which the rows are divided into folders. */
  readonly partitionBy?: string
  readonly commandId: string
  readonly onBytes: (sofar: number) => void
}

export interface ExportedFile {
  readonly path: string
  readonly rows: number
  readonly bytes: number
}

export interface ExportResult {
  readonly rows: number
  readonly files: readonly ExportedFile[]
}

/** Records of one file. */
interface Part {
  /** Null where rows are not divided. */
  readonly key: string | null
  readonly bytes: Buffer
  readonly rows: number
}

interface FileUnderWay {
  readonly key: string | null
  readonly path: string
  readonly file: ExportFile
  rows: number
}

const chunkBytes = 1024 * 1024

/** Writes the files, and gives them their names when all of them are whole. */
export async function exportRows(session: Session, request: ExportRequest): Promise<ExportResult> {
  try {
    return await writeRows(session, request)
  } catch (error) {
    throw refusedQuery(error) ?? error
  }
}

/** What the server says of the query or its values: nothing is broken then. */
function refusedQuery(error: unknown): Error | null {
  if (!(error instanceof ServerError)) return null
  const { sqlstate, message, hint } = error.failure
  return /^(22|42|P0)/.test(sqlstate ?? '') ? exportProblem(message, hint, error) : null
}

function writeRows(session: Session, request: ExportRequest): Promise<ExportResult> {
  const { query, target, partitionBy } = request
  return session.transaction(async () => {
    await settleNotation(session)
    const columns = await exportColumns(session, query, partitionBy)
    const asked = exportQuery(query, columns, target.format, partitionBy)
    const source = session.copyOut(asked.query, asked.copy)
    const quote = asked.copy === 'text' ? undefined : asked.copy.quote.charCodeAt(0)
    const open = fileOpener(request, columns, asked.head)
    const parts =
      partitionBy === undefined ? wholeParts(source) : dividedParts(source, quote, asked.separator)
    const files: FileUnderWay[] = []
    try {
      await writeFiles(parts, open, request, files)
      if (partitionBy === undefined) files[0]!.rows = source.rowCount
      return await publishFiles(files)
    } catch (error) {
      source.destroy()
      for (const { file } of files) await file.discard()
      throw fileProblem(error, request)
    }
  })
}

function fileOpener(
  { target, partitionBy, commandId }: ExportRequest,
  columns: readonly ExportColumn[],
  head: string,
): (path: string) => Promise<ExportFile> {
  const { format, isCompressed } = target
  if (format !== 'parquet') return (path) => openTextFile(path, { head, commandId, isCompressed })
  const inFile = columns.filter(({ name }) => name !== partitionBy)
  return async (path) => {
    const { openParquetFile } = await import('./parquet-file.ts')
    return openParquetFile(path, { columns: inFile, commandId })
  }
}

async function writeFiles(
  parts: AsyncIterable<Part>,
  open: (path: string) => Promise<ExportFile>,
  { target, partitionBy, onBytes }: ExportRequest,
  files: FileUnderWay[],
): Promise<void> {
  const begin = async (key: string | null): Promise<FileUnderWay> => {
    const path = key === null ? target.path : partitionPath(target.path, partitionBy!, key)
    const file = await open(path)
    const begun = { key, path, file, rows: 0 }
    files.push(begun)
    return begun
  }
  let current = partitionBy === undefined ? await begin(null) : undefined
  let sofar = 0
  for await (const { key, bytes, rows } of parts) {
    if (current?.key !== key) {
      await current?.file.finish()
      current = await begin(key)
    }
    current!.rows += rows
    await current!.file.write(bytes)
    sofar += bytes.length
    onBytes(sofar)
  }
  await current?.file.finish()
}

async function publishFiles(files: readonly FileUnderWay[]): Promise<ExportResult> {
  const published: ExportedFile[] = []
  for (const { path, file, rows } of files) published.push({ path, rows, bytes: await file.publish() })
  return { rows: published.reduce((sum, { rows }) => sum + rows, 0), files: published }
}

/** Everything in one file, as the bytes come: the server tells how many rows there were. */
async function* wholeParts(source: CopyRows): AsyncGenerator<Part> {
  for await (const bytes of source) yield { key: null, bytes: bytes as Buffer, rows: 0 }
}

/** Rows with the value of their partition in front, in its order. */
async function* dividedParts(
  source: CopyRows,
  quote: number | undefined,
  separator: number,
): AsyncGenerator<Part> {
  for await (const { bytes } of recordChunks(source, { quote, sizeBytes: () => chunkBytes })) {
    let key: string | null = null
    let records: Buffer[] = []
    for (const { start, end } of placesOfRecords(bytes, quote)) {
      const behind = bytes.indexOf(separator, start)
      const own = bytes.toString('utf8', start, behind)
      if (own !== key && records.length > 0) {
        yield { key, bytes: Buffer.concat(records), rows: records.length }
        records = []
      }
      key = own
      records.push(bytes.subarray(behind + 1, end))
    }
    if (records.length > 0) yield { key, bytes: Buffer.concat(records), rows: records.length }
  }
}

function fileProblem(error: unknown, { target }: ExportRequest): unknown {
  if (error instanceof EndlessRecordError)
    return exportProblem('a row is longer than 64 MB', 'leave out --partition-by, or the long column', error)
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined || (error as { problems?: unknown }).problems) return error
  return exportProblem(`${target.path} cannot be written: ${message}`, undefined, error)
}
