import type { StreamTerms } from './stream-spec.ts'

/*
 * A load fills tables with data from outside the warehouse: a generator written in TypeScript, or a file.
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

export interface CsvSpec extends LoadSpecBase {
  readonly kind: 'csv'
  /** The file, relative to the project or absolute; may be gzipped. */
  readonly file: string
  readonly delimiter: string
  readonly header: boolean
  readonly nullText: string
}

/** Messages of Kafka topics, which a reader adds to the table for as long as it is at work. */
export interface StreamSpec extends LoadSpecBase, StreamTerms {
  readonly kind: 'stream'
}

export type LoadSpec = GeneratorSpec | CsvSpec | StreamSpec
