import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type Session, sql } from '../src/warehouse/index.ts'

/*
 * The reference project as it would live, for timing its nights. Its world is made in one piece and moved to the schema
 * `world`, in order of time; `arrived` shows what of it has happened by some evening: the product's own database. In a
 * copy of the project loads of kind postgres fetch from there what is new, and the models follow.
 *
 * Nights come when the experiments are over. So the analyses of the experiments, which nobody schedules any more, are
 * left out; their metrics and everything else that is made from the product's tables is in.
 */

const root = join(import.meta.dirname, '..')
const firstDay = '2026-02-01'

/** How the tables that grow are added to; the others are small, and read whole. */
const watermarks: Readonly<Record<string, string>> = {
  users: 'signup_time',
  events: 'event_time',
  assignments: 'exposed_at',
}

const analyses = [
  'one_tap_checkout',
  'player_telemetry_aa',
  'local_prices',
  'search_ranking',
  'related_titles',
  'autoplay_next',
  'big_cart_button',
  'daily_streaks',
  'experiment_summary',
]

/** What a night builds, without tests; and the same with what it loads before. */
export const models = [
  ...['--select', 'source:product+', 'countries'],
  ...['--exclude', 'resource_type:load', 'resource_type:test', ...analyses],
]
export const loadsAndModels = [
  ...['--select', 'source:product+', 'countries', 'product_*'],
  ...['--exclude', 'resource_type:test', ...analyses],
]

/** Copies the project into a folder; its metrics are to be as of the end of the data, night by night. */
export function copyReferenceProject(folder: string): void {
  for (const name of ['models', 'macros', 'seeds', 'pipelines', 'analytics', 'project.yml'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  const path = join(folder, 'analytics', 'product_metrics.yml')
  const metrics = parse(readFileSync(path, 'utf8')) as object
  writeFileSync(path, stringify({ ...metrics, as_of: "{{ var('as_of') }}" }))
}

/** The vars of a project whose data end after so many days; one day more comes late, as in the models by day. */
export function varsUntil(days: number): object {
  const end = new Date(Date.parse(`${firstDay}T00:00:00Z`) + days * 86_400_000)
  return { days, as_of: end.toISOString().slice(0, 10), lookback_days: 1 }
}

interface ProductTable {
  readonly name: string
  readonly schema: string
}

/** Puts loads from the product's database in the place of the generator; returns the names of the tables. */
export function loadFromProduct(folder: string): readonly string[] {
  const path = join(folder, 'pipelines', 'product.yml')
  const declared = parse(readFileSync(path, 'utf8')) as { loads: { tables: ProductTable[] }[] }
  const tables = declared.loads[0]!.tables.filter(({ schema }) => schema === 'product')
  const loads = tables.map((table) => ({
    name: `product_${table.name}`,
    kind: 'postgres',
    url: "{{ env_var('PRODUCT_URL') }}",
    table: `arrived.${table.name}`,
    ...(watermarks[table.name] ? { mode: 'append', watermark: watermarks[table.name] } : { mode: 'upsert' }),
    tables: [table],
  }))
  writeFileSync(path, stringify({ loads }))
  return tables.map(({ name }) => name)
}

/** Makes the product's database of the world that was generated. */
export async function openProduct(session: Session, tables: readonly string[]): Promise<void> {
  await session.query(sql`alter schema product rename to world`)
  await session.query(sql`create schema product`)
  await session.query(sql`create schema arrived`)
  await session.query(sql`create table world.evening as select '-infinity'::timestamptz as at`)
  for (const name of tables) {
    const time = watermarks[name]
    const whole = sql.ident('world', name)
    const shown = sql.ident('arrived', name)
    if (!time) {
      await session.query(sql`create view ${shown} as select * from ${whole}`)
      continue
    }
    const sorted = sql.ident('world', `${name}_by_time`)
    await session.query(sql`create table ${sorted} as select * from ${whole} order by ${sql.ident(time)}`)
    await session.query(sql`drop table ${whole}`)
    await session.query(sql`create index on ${sorted} (${sql.ident(time)})`)
    await session.query(sql`
      create view ${shown} as
      select * from ${sorted} where ${sql.ident(time)} < (select at from world.evening)`)
  }
  await session.query(sql`analyze`)
}

/** Lets everything have happened that happens in the first days. */
export async function letPass(session: Session, days: number): Promise<void> {
  await session.query(sql`
    update world.evening set at = ${firstDay}::timestamp at time zone 'UTC' + ${days}::int * interval '1 day'`)
}

/** What a load into a new table does not make: the index by which nights find the latest events. */
export async function indexProduct(session: Session): Promise<void> {
  for (const [name, time] of Object.entries(watermarks))
    await session.query(sql`create index on ${sql.ident('product', name)} (${sql.ident(time)})`)
  await session.query(sql`vacuum (analyze) product.events`)
}
