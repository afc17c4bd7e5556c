import type { EncodedTexts } from './encoded-texts.ts'
import type { ParamValue } from './load-spec.ts'

/*
 * What a data generator is: a plan of independent partitions and a function that writes the rows of one.
 * Partitions depend on the parameters alone, never on the number of workers, so the same parameters give
 * the same bytes however the work is spread.
 */

/** Writes the rows of one table in Postgres' binary COPY format: for each row startRow(), then every column in order. */
export interface RowWriter {
  startRow(): void
  null(): void
  bool(value: boolean): void
  int2(value: number): void
  int4(value: number): void
  /** A whole number up to 2^53. */
  int8(value: number): void
  float8(value: number): void
  text(value: string): void
  /** Text whose UTF-8 bytes were made once beforehand; the fast way for labels. */
  textBytes(value: Uint8Array): void
  /** Texts of columns that stand side by side, made by `encodeTexts` beforehand; the fastest way for labels. */
  texts(encoded: EncodedTexts): void
  /** Microseconds since 1970-01-01 UTC; a float64 holds them exactly until the year 2255. */
  timestamptz(unixMicros: number): void
  /** Days since 1970-01-01. */
  date(unixDays: number): void
}

export interface GeneratorPartition {
  /** What the partition holds, in the generator's own terms: plain data that crosses to a worker thread. */
  readonly [key: string]: ParamValue
}

export interface GeneratorContext<Params> {
  readonly params: Params
  /** A writer for each table that the YAML declares, by table name (`schema.name`). */
  readonly tables: Readonly<Record<string, RowWriter>>
}

export interface GeneratorDefinition<Params, Partition extends GeneratorPartition> {
  /** Rows expected in all tables together; only for the progress bar. */
  readonly expectedRows: (params: Params) => number
  readonly partitions: (params: Params) => readonly Partition[]
  /** Writes one partition; yields now and then (each user, say), so that what is written can flow out. */
  readonly generate: (partition: Partition, context: GeneratorContext<Params>) => Iterable<void>
}

/** Declares a generator; the module of a `kind: generator` load exports it as default. */
export function defineGenerator<Params, Partition extends GeneratorPartition>(
  definition: GeneratorDefinition<Params, Partition>,
): GeneratorDefinition<Params, Partition> {
  return definition
}
