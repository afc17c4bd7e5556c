import { basename, dirname, join } from 'node:path'
import { compressionOfName } from '../load-files/file-names.ts'

/*
 * Where exported rows go, by the name of the file.
 */

export type ExportFormat = 'csv' | 'ndjson' | 'parquet'

export interface ExportTarget {
  readonly path: string
  readonly format: ExportFormat
  readonly isCompressed: boolean
}

const formats: Readonly<Record<string, ExportFormat>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
}

/** What the name of a file asks for; null where it names nothing that can be written. */
export function exportTarget(path: string): ExportTarget | null {
  const compression = compressionOfName(path)
  if (compression !== null && compression !== 'gzip') return null
  const plain = compression ? path.slice(0, path.lastIndexOf('.')) : path
  const format = formats[/\.([^./\\]+)$/.exec(plain)?.[1]?.toLowerCase() ?? '']
  // Parquet is packed within.
  if (format === 'parquet' && compression !== null) return null
  return format ? { path, format, isCompressed: compression !== null } : null
}

/** How the folder of rows without a date is called, as Hive has it. */
const noValue = '__HIVE_DEFAULT_PARTITION__'

/** The file of one partition: in a folder `column=value` beside which the whole would stand. */
export function partitionPath(path: string, column: string, value: string): string {
  const folder = `${column}=${value === '' ? noValue : encodeURIComponent(value)}`
  return join(dirname(path), folder, basename(path))
}
