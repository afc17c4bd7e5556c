/** A file whose rows a table holds, as the ledger knows it. */
export interface LoadedFile {
  /** Its address, by which it is known again. */
  readonly file: string
  readonly sizeBytes: number
  /** What tells without reading it that it is the same: the time of its last change, an etag. */
  readonly version: string
  /** SHA-256 of its bytes as they lay there. */
  readonly checksum: string
  readonly rows: number
  readonly badRows: number
}

/** The same with when that was. */
export interface HeldFile extends LoadedFile {
  /** ISO 8601, in UTC; later instants are greater as text. */
  readonly loadedAt: string
}

/** What a publication says of the files that a table holds. */
export interface LoadedFiles {
  /** Whether these are all that it holds, or come to those that it held. */
  readonly holds: 'these' | 'more'
  /** The load that has loaded them. */
  readonly load: string
  readonly files: readonly LoadedFile[]
}
