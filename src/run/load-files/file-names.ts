import type { FileFormat } from '../../core/load-spec.ts'

/*
 * What the name of a file tells: `events.csv.gz` is a CSV within gzip.
 */

export type Compression = 'gzip' | 'zstd'

const compressions: Readonly<Record<string, Compression>> = {
  gz: 'gzip',
  gzip: 'gzip',
  zst: 'zstd',
  zstd: 'zstd',
}

const formats: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
}

/** How a file is compressed, by the last part of its name; null where it is not. */
export function compressionOfName(name: string): Compression | null {
  return compressions[lastExtension(name)] ?? null
}

/** How a file is written, by the last part of its name before that of its compression; null where that is no format. */
export function formatOfName(name: string): FileFormat | null {
  const plain = compressionOfName(name) ? name.slice(0, name.lastIndexOf('.')) : name
  return formats[lastExtension(plain)] ?? null
}

function lastExtension(name: string): string {
  return /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
}
