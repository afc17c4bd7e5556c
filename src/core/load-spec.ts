import type { StreamTerms } from './stream-spec.ts'

/*
 * A load fills tables with data from outside the warehouse: a generator written in TypeScript, files, another database.
 * The YAML under pipelines/ declares it; the tables and their types are known without running any code.
 */

export interface TableColumn {
  readonly name: string
  /** A Postgres type as written in DDL: `bigint`, `timestamptz`, `numeric(12,2)`. */
  readonly type: string
  readonly description: string
}

export interface LoadTable {
  readonly schema: string
  readonly name: string
  readonly description: string
  readonly columns: readonly TableColumn[]
  readonly primaryKey: readonly string[]
}

export type ParamValue = string | number | boolean

/** What the kinds of loads have in common. */
export interface LoadSpecBase {
  readonly tables: readonly LoadTable[]
  /** Values the load may read, with their defaults; a var of the same name overrides one. */
  readonly params: Readonly<Record<string, ParamValue>>
}

export interface GeneratorSpec extends LoadSpecBase {
  readonly kind: 'generator'
  /** The TypeScript module whose default export is made by defineGenerator, relative to the project. */
  readonly module: string
}

/** How the bytes of a file are to be read. */
export type FileFormat = 'csv' | 'tsv' | 'ndjson' | 'parquet'

/** How the values of a delimited file are written. */
export interface FileDialect {
  /** One byte; undefined for that of the format: a comma or a tab. */
  readonly delimiter?: string
  /** What encloses values; empty where quotes are ordinary characters. */
  readonly quote: string
  /** `match`: the first line names the fields; `skip`: it is passed over; `none`: it is data. */
  readonly header: 'match' | 'skip' | 'none'
  readonly nullText: string
  /** As Postgres names it: `utf8`, `latin1`, `windows-1252`. */
  readonly encoding: string
  /** What becomes of fields that no column asks for. */
  readonly unknownFields: 'refuse' | 'ignore'
}

/** Where the values of a column come from. */
export interface FieldMapping {
  readonly column: string
  /** A field of each row, or the `name=` in a file's path that all its rows share. */
  readonly origin: 'field' | 'partition'
  /** The names on the way to the value: one, or with ndjson as many as objects lie around it; none for the whole object. */
  readonly path: readonly string[]
  /** How the value is written where Postgres would not read it: a template of to_date, `yes|no`, `epoch`. */
  readonly format?: string
}

/** Rows of a file that do not fit the table. */
export interface BadRowPolicy {
  /** Kept in a table beside the target, left out, or a reason to fail. */
  readonly onBadRow: 'quarantine' | 'skip' | 'fail'
  /** The most there may be: so many, or such a share of all rows; undefined for as many as there are. */
  readonly limit?: { readonly rows: number } | { readonly share: number }
}

/** What loads have in common that get their rows as text and copy them. */
export interface RowsSpecBase extends LoadSpecBase {
  /** Undefined where the names of the files tell. */
  readonly format?: FileFormat
  readonly dialect: FileDialect
  readonly fields: readonly FieldMapping[]
  readonly badRows: BadRowPolicy
  /** What is loaded: all rows anew, or only new ones, into the table as it is. */
  readonly mode: 'replace' | 'append' | 'upsert'
  /** With upsert: what tells rows apart. */
  readonly key: readonly string[]
}

/** A store that speaks the protocol of S3; texts are templates. Keys are none of them: AWS' own tools find theirs. */
export interface S3Spec {
  readonly endpoint?: string
  readonly region?: string
  readonly profile?: string
  /** Whether the bucket stands in the path of addresses, not in the name of the host. */
  readonly pathStyle?: boolean
  /** Whether requests are to go without a signature. */
  readonly isAnonymous?: boolean
}

export interface FilesSpec extends RowsSpecBase {
  readonly kind: 'files'
  /** A file, a glob, a folder, an address, or `-` for the standard input; relative to the project unless absolute. */
  readonly from: string
  /** How to speak to the store of `s3://…`, where not as its own tools would. */
  readonly s3?: S3Spec
  /** With append and upsert: what is done about a file that was loaded and has changed since. */
  readonly onChangedFile: 'refuse' | 'load' | 'ignore'
}

/** Rows of another PostgreSQL. */
export interface PostgresSpec extends RowsSpecBase {
  readonly kind: 'postgres'
  /** A template: with its password in the environment, so that it stands in no file and no artifact. */
  readonly url: string
  readonly rowsOf:
    | { readonly table: { readonly schema: string; readonly identifier: string } }
    | { readonly query: string }
  /** The columns to fill, in order, and what they are called there. */
  readonly columns: readonly { readonly column: string; readonly from: string }[]
  /** With append and upsert: only rows in which this column is greater than in all that are here. */
  readonly watermark: Watermark | null
}

/** What tells new rows from those that are here. */
export interface Watermark {
  readonly column: string
  /** How far rows may come late: an interval, or a number where the column is one. */
  readonly lookback: string | number | null
}

/** A load whose rows are copied as the server reads them. */
export type RowsSpec = FilesSpec | PostgresSpec

/** Messages of Kafka topics, which a reader adds to the table for as long as it is at work. */
export interface StreamSpec extends LoadSpecBase, StreamTerms {
  readonly kind: 'stream'
}

export type LoadSpec = GeneratorSpec | RowsSpec | StreamSpec
