import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { GeneratorDefinition, GeneratorPartition, RowWriter } from 'estimand'
import { parse } from 'yaml'
import { makeBinaryWriter } from '../../src/warehouse/copy/binary-writer.ts'

/*
 * Runs a generator of the reference project without a warehouse: its rows as values, or a digest of its bytes.
 */

export type Value = string | number | boolean | null
export type Rows = Record<string, Value[][]>
type Generator<Params, Partition extends GeneratorPartition> = Pick<
  GeneratorDefinition<Params, Partition>,
  'partitions' | 'generate'
>

interface DeclaredTable {
  readonly schema: string
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

interface DeclaredLoad {
  readonly params: Readonly<Record<string, Value>>
  readonly tables: readonly DeclaredTable[]
}

/** The one load that a file under pipelines/ declares. */
export function declaredLoad(file: string): DeclaredLoad {
  return parse(readFileSync(new URL(`../../pipelines/${file}`, import.meta.url), 'utf8')).loads[0]
}

/** Generates the partitions with these places in the plan, in this order; all of them in order when none are named. */
export function collectTables<Params, Partition extends GeneratorPartition>(
  world: Generator<Params, Partition>,
  load: DeclaredLoad,
  params: Params,
  order?: readonly number[],
): Rows {
  const names = tableNames(load)
  const rows: Rows = Object.fromEntries(names.map((name) => [name, []]))
  const tables = Object.fromEntries(names.map((name) => [name, collectingWriter(rows[name]!)]))
  const partitions = world.partitions(params)
  for (const index of order ?? partitions.keys())
    for (const _ of world.generate(partitions[index]!, { params, tables }));
  return rows
}

/** A digest of the bytes that one partition sends to the warehouse, table by table as declared. */
export function digestTables<Params, Partition extends GeneratorPartition>(
  world: Generator<Params, Partition>,
  load: DeclaredLoad,
  params: Params,
  index: number,
): string {
  const names = tableNames(load)
  const chunks: Uint8Array[][] = names.map(() => [])
  const writers = load.tables.map(({ columns }, table) =>
    makeBinaryWriter(names[table]!, columns, (chunk) => chunks[table]!.push(chunk)),
  )
  const tables = Object.fromEntries(names.map((name, table) => [name, writers[table]!]))
  for (const _ of world.generate(world.partitions(params)[index]!, { params, tables }));
  const hash = createHash('sha256')
  writers.forEach((writer, table) => {
    writer.finish()
    for (const chunk of chunks[table]!) hash.update(chunk)
  })
  return hash.digest('hex')
}

function tableNames({ tables }: DeclaredLoad): string[] {
  return tables.map(({ schema, name }) => `${schema}.${name}`)
}

/** Keeps every row that it is given. */
function collectingWriter(rows: Value[][]): RowWriter {
  const decoder = new TextDecoder()
  const put = (value: Value) => {
    rows.at(-1)!.push(value)
  }
  return {
    startRow: () => {
      rows.push([])
    },
    null: () => put(null),
    bool: put,
    int2: put,
    int4: put,
    int8: put,
    float8: put,
    text: put,
    textBytes: (bytes) => put(decoder.decode(bytes)),
    texts({ texts }) {
      for (const text of texts) put(text)
    },
    timestamptz: put,
    date: put,
  }
}
