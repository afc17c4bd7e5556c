import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../src/core/run-result.ts'
import {
  connectionUrl,
  ensureEmbeddedServer,
  type Session,
  sql,
  stopEmbeddedServer,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { holdToLimit, median, printFigure as print } from './limits.ts'
import { measureCommand } from './measured-command.ts'
import { addDays, endOfDay, makeHistory, writeNightlyProject } from './nightly-project.ts'
import {
  copyReferenceProject,
  indexProduct,
  letPass,
  loadFromProduct,
  loadsAndModels,
  models,
  openProduct,
  varsUntil,
} from './reference-nights.ts'

/*
 * What it costs that a run publishes everything at once: the reference project against `--publish node`; many tables
 * in one transaction; and a night's increment against building all anew, on a history and on one twice as long: of the
 * reference project, and of models in all the ways in which models are built by day.
 */

const effects = { report: () => {}, clock: () => new Date(), env: process.env }
const root = join(import.meta.dirname, '..')

/** `--events`, `--tables`, `--days`, `--events-per-day`, `--rounds`; `--only overhead|tables|nights|nightly`. */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '5000000' },
      tables: { type: 'string', default: '200' },
      days: { type: 'string', default: '180' },
      'events-per-day': { type: 'string', default: '28000' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
    },
  })
  const rounds = Number(values.rounds)
  const nights = { days: Number(values.days), eventsPerDay: Number(values['events-per-day']), rounds }
  const parts = {
    overhead: () => compareModes(Number(values.events), rounds),
    tables: () => publishTables(Number(values.tables), rounds),
    nights: () => compareNights('reference project', timeReference, nights),
    nightly: () => compareNights('models by day', timeNights, nights),
  }
  for (const [name, part] of Object.entries(parts)) if ((values.only ?? name) === name) await part()
}

/** The reference project, all built anew, in both modes by turns. */
async function compareModes(events: number, rounds: number): Promise<void> {
  const vars = ['--vars', `{events: ${events}}`]
  await run(['load', ...vars])
  const once: RunResult[] = []
  const byNode: RunResult[] = []
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['run', 'node'] as const) : (['node', 'run'] as const)
    for (const mode of order) {
      await onServer(root, (session) => session.query(sql`checkpoint`))
      const all = ['build', '--full-refresh', '--exclude', 'resource_type:load', '--publish', mode, ...vars]
      ;(mode === 'run' ? once : byNode).push(await run(all))
    }
  }
  const overheads = once.map(({ elapsedMs }, round) => elapsedMs / byNode[round]!.elapsedMs - 1)
  print(`reference project, ${events.toLocaleString('en')} events`, `${rounds} rounds, medians`)
  print('  published at once', seconds(median(once.map(({ elapsedMs }) => elapsedMs))))
  print('  --publish node', seconds(median(byNode.map(({ elapsedMs }) => elapsedMs))))
  const percent = 100 * median(overheads)
  holdToLimit({ label: '  overhead in %', value: percent, limit: 5, shown: percent.toFixed(1) })
}

/** Many tables, all of them there already, replaced by one publication. */
async function publishTables(tables: number, rounds: number): Promise<void> {
  await inNewProject(async (folder) => {
    mkdirSync(join(folder, 'models'))
    writeFileSync(
      join(folder, 'project.yml'),
      "name: tables\nversion: '1.0'\ntarget: local\ntargets:\n  local: { engine: embedded, schema: marts, threads: 4 }\nmodels: { +materialized: table }\n",
    )
    for (let index = 0; index < tables; index++)
      writeFileSync(join(folder, 'models', `m_${index}.sql`), `select ${index} as id, 'label' as label\n`)
    const times: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const { publishMs } = await run(['run', '--full-refresh'], folder)
      if (round > 0) times.push(publishMs!)
    }
    const shown = `${Math.round(median(times))} ms`
    holdToLimit({ label: `${tables} tables in one transaction`, value: median(times), limit: 1000, shown })
  })
}

/** A history of so many days of so many events, and so many nights after it. */
interface Nights {
  readonly days: number
  readonly eventsPerDay: number
  readonly rounds: number
}

/** How long building a history anew takes, and a run after one day more. */
interface NightTimes {
  readonly fullMs: number
  readonly nightMs: number
}

async function compareNights(
  name: string,
  time: (nights: Nights) => Promise<NightTimes>,
  nights: Nights,
): Promise<void> {
  const { days, eventsPerDay, rounds } = nights
  const short = await time(nights)
  const long = await time({ ...nights, days: 2 * days })
  print(`nights of ${name}, ${eventsPerDay.toLocaleString('en')} events a day`, `${rounds} nights, medians`)
  print(`  ${days} days, all anew`, seconds(short.fullMs))
  print(`  ${days} days, one more`, seconds(short.nightMs))
  const share = short.nightMs / short.fullMs
  holdToLimit({ label: '  share', value: share, limit: 0.05, shown: share.toFixed(3) })
  print(`  ${2 * days} days, all anew`, seconds(long.fullMs))
  print(`  ${2 * days} days, one more`, seconds(long.nightMs))
  const growth = long.nightMs / short.nightMs
  holdToLimit({ label: '  growth when history doubles', value: growth, limit: 1.2, shown: growth.toFixed(2) })
}

/** The reference project: its full refresh reads what is loaded; its nights load what is new as well. */
async function timeReference({ days, eventsPerDay, rounds }: Nights): Promise<NightTimes> {
  return inNewProject(async (folder) => {
    copyReferenceProject(folder)
    const all = days + rounds
    const world = JSON.stringify({ events: all * eventsPerDay, ...varsUntil(all) })
    await run(['load', '--select', 'product_world', '--vars', world], folder)
    const tables = loadFromProduct(folder)
    const until = (day: number) => ['--vars', JSON.stringify(varsUntil(day))]
    await onServer(folder, async (session) => {
      await openProduct(session, tables)
      await letPass(session, days)
    })
    await onProductOf(folder, ['load', '--select', 'product_*', ...until(days)])
    await onServer(folder, indexProduct)
    const full = await onProductOf(folder, ['build', '--full-refresh', ...models, ...until(days)])
    const nights: RunResult[] = []
    for (let day = days + 1; day <= all; day++) {
      await onServer(folder, async (session) => {
        await letPass(session, day)
        await session.query(sql`checkpoint`)
      })
      nights.push(await onProductOf(folder, ['build', ...loadsAndModels, ...until(day)]))
    }
    return { fullMs: full.elapsedMs, nightMs: median(nights.map(({ elapsedMs }) => elapsedMs)) }
  })
}

/** Runs a command that loads from the product's database, which is on the server of the project itself. */
async function onProductOf(folder: string, args: readonly string[]): Promise<RunResult> {
  const { connection } = await ensureEmbeddedServer(folder, effects)
  process.env['PRODUCT_URL'] = connectionUrl(connection, { withPassword: true })
  return run(args, folder)
}

/** Models by day of a made-up warehouse. */
async function timeNights({ days, eventsPerDay, rounds }: Nights): Promise<NightTimes> {
  return inNewProject(async (folder) => {
    writeNightlyProject(folder)
    await onServer(folder, (session) => makeHistory(session, days, eventsPerDay))
    const until = (day: number) => ['--event-time-end', endOfDay(day)]
    const full = await run(['run', '--full-refresh', ...until(days)], folder)
    const nights: number[] = []
    for (let round = 0; round < rounds; round++) {
      await onServer(folder, async (session) => {
        await addDays(session, days + round, 1, eventsPerDay)
        await session.query(sql`analyze raw.events`)
        await session.query(sql`checkpoint`)
      })
      nights.push((await run(['run', ...until(days + round + 1)], folder)).elapsedMs)
    }
    return { fullMs: full.elapsedMs, nightMs: median(nights) }
  })
}

async function inNewProject<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'estimand-bench-'))
  // Where root runs this, the server's own user can keep its data in here, so that nothing of them is left.
  chmodSync(folder, 0o755)
  try {
    return await body(folder)
  } finally {
    await stopEmbeddedServer(folder, effects)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Lends a session on a project's embedded server, which it starts. */
async function onServer<T>(folder: string, body: (session: Session) => Promise<T>): Promise<T> {
  const { connection } = await ensureEmbeddedServer(folder, effects)
  return withWarehouse(connection, { threads: 1, applicationName: 'estimand bench' }, (warehouse) =>
    warehouse.withSession(body),
  )
}

async function run(args: readonly string[], folder = root): Promise<RunResult> {
  const { stdout } = await measureCommand([...args, '--output', 'json'], folder)
  return JSON.parse(stdout) as RunResult
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`
}
