import type { FileDialect, FileFormat } from '../../core/load-spec.ts'
import type { CopyInFormat } from '../../warehouse/index.ts'
import type { Chunk } from './record-chunks.ts'

/** A file as records: what stands in each, and the records in chunks that COPY takes as they are. */
export interface RecordFile {
  /** The fields of each record in their order; `document` where it is one JSON object. */
  readonly fields: readonly string[] | 'document'
  /** What the file says its fields to be, as types of Postgres; null where it does not tell. */
  readonly types?: readonly (string | null)[]
  readonly chunks: AsyncIterable<Chunk>
  /** Lets go of what is held besides the bytes; called however reading ends. */
  readonly close?: () => Promise<void>
}

/** Reads files of one format. */
export interface FormatReader {
  /** How the records are written, for COPY. */
  readonly copy: Extract<CopyInFormat, { format: 'csv' }>
  /** What encloses values in which line breaks are part of them, as a byte. */
  readonly quote: number | undefined
  /** Whether places in the file are numbers of rows, not of lines: where it has no lines. */
  readonly countsRows?: true
  /** Reads as far as it takes to know the fields. */
  readonly open: (bytes: AsyncIterable<Buffer>, sizeBytes: () => number) => Promise<RecordFile>
}

/** What the reader of a format is told. */
export interface ReaderOptions {
  readonly format: FileFormat
  readonly dialect: FileDialect
  /** The fields of a file whose header does not tell them. */
  readonly positions: readonly string[]
}
