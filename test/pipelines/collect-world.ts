import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RowWriter } from 'estimand'
import { parse } from 'yaml'
import type { WorldParams } from '../../pipelines/product/params.ts'
import world from '../../pipelines/product/world.ts'
import { makeBinaryWriter } from '../../src/warehouse/copy/binary-writer.ts'

/** The parameters of the tests: small enough to be quick, long enough for both experiments. */
export const smallWorld: WorldParams = {
  events: 60_000,
  seed: 7,
  start_date: '2026-02-01',
  days: 150,
  aa_start_day: 60,
  aa_days: 28,
  one_tap_start_day: 108,
  one_tap_days: 42,
  one_tap_lift: 0.12,
}

export type Value = string | number | boolean | null
export type Rows = Record<string, Value[][]>

interface DeclaredTable {
  readonly schema: string
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

const yaml = readFileSync(new URL('../../pipelines/product.yml', import.meta.url), 'utf8')
const declared: readonly DeclaredTable[] = parse(yaml).loads[0].tables
const tableNames = declared.map(({ schema, name }) => `${schema}.${name}`)

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
    timestamptz: put,
    date: put,
  }
}

/** Generates the partitions with these places in the plan, in this order; all of them in order when none are named. */
export function collectWorld(params: WorldParams, order?: readonly number[]): Rows {
  const rows: Rows = Object.fromEntries(tableNames.map((name) => [name, []]))
  const tables = Object.fromEntries(tableNames.map((name) => [name, collectingWriter(rows[name]!)]))
  const partitions = world.partitions(params)
  for (const index of order ?? partitions.keys())
    for (const _ of world.generate(partitions[index]!, { params, tables }));
  return rows
}

/** A digest of the bytes that one partition sends to the warehouse, table by table as declared. */
export function digestPartition(params: WorldParams, index: number): string {
  const chunks: Uint8Array[][] = declared.map(() => [])
  const writers = declared.map(({ columns }, table) =>
    makeBinaryWriter(tableNames[table]!, columns, (chunk) => chunks[table]!.push(chunk)),
  )
  const tables = Object.fromEntries(tableNames.map((name, table) => [name, writers[table]!]))
  for (const _ of world.generate(world.partitions(params)[index]!, { params, tables }));
  const hash = createHash('sha256')
  writers.forEach((writer, table) => {
    writer.finish()
    for (const chunk of chunks[table]!) hash.update(chunk)
  })
  return hash.digest('hex')
}

export interface EventRow {
  readonly eventId: number
  readonly userId: number
  readonly time: number
  readonly name: string
  readonly sessionId: number
  readonly experiment: string | null
  readonly variant: string | null
  readonly platform: string
  readonly geo: string
  readonly device: string
  readonly item: number | null
  readonly priceCents: number | null
  readonly revenueCents: number | null
}

/** The events of a world, by name of column. */
export function eventsOf(rows: Rows): EventRow[] {
  return rows['product.events']!.map(
    ([
      eventId,
      userId,
      time,
      name,
      sessionId,
      experiment,
      variant,
      platform,
      geo,
      device,
      item,
      priceCents,
      revenueCents,
    ]) => ({
      eventId: eventId as number,
      userId: userId as number,
      time: time as number,
      name: name as string,
      sessionId: sessionId as number,
      experiment: experiment as string | null,
      variant: variant as string | null,
      platform: platform as string,
      geo: geo as string,
      device: device as string,
      item: item as number | null,
      priceCents: priceCents as number | null,
      revenueCents: revenueCents as number | null,
    }),
  )
}
