import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { MetricDefinition, MetricsExperiment } from '../src/core/metrics-spec.ts'
import type { Relation } from '../src/core/node.ts'
import { planMetrics } from '../src/jobs/metrics/metrics-plan.ts'
import { refreshMetrics } from '../src/jobs/metrics/refresh-metrics.ts'
import type { PreviousRefresh } from '../src/jobs/metrics/units-sql.ts'
import {
  columnsOf,
  ensureEmbeddedServer,
  relationIdent,
  type Session,
  sql,
  stopEmbeddedServer,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { groupedQueries, type PeerSums, perMetricQuery } from './experiment-peer.ts'
import {
  dateAfter,
  experimentDates,
  makeWorld,
  metricNames,
  preDays,
  type WorldSize,
} from './experiment-world.ts'
import { holdToLimit, printFigure as print } from './limits.ts'

/*
 * Statistics of concurrent experiments: one scan of the daily mart for all of them, and the refresh of a night, against
 * one grouped query per experiment and table of events and against one query per metric. Those are written by us in the
 * shape of GrowthBook's queries; they are not its own.
 */

const effects = { report: () => {}, clock: () => new Date(), env: process.env }

/** `--events`, `--users`, `--days`, `--experiments`, `--sample` (queries per metric that are timed), `--late-days`. */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '12000000' },
      users: { type: 'string', default: '200000' },
      days: { type: 'string', default: '42' },
      experiments: { type: 'string', default: '10' },
      sample: { type: 'string', default: '8' },
      'late-days': { type: 'string', default: '0' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const size: WorldSize = {
    events: Number(values.events),
    users: Number(values.users),
    days: Number(values.days),
    experiments: Number(values.experiments),
  }
  const folder = mkdtempSync(join(values.dir, 'estimand-bench-'))
  try {
    const { connection } = await ensureEmbeddedServer(folder, effects)
    await withWarehouse(connection, { threads: 1, applicationName: 'estimand bench' }, (warehouse) =>
      warehouse.withSession((session) =>
        compare(session, size, Number(values.sample), Number(values['late-days'])),
      ),
    )
  } finally {
    await stopEmbeddedServer(folder, effects)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function compare(session: Session, size: WorldSize, sample: number, lateDays: number): Promise<void> {
  print('making the world', seconds(await timed(() => makeWorld(session, size))))
  await describeWorld(session, size)
  await session.query(sql`checkpoint`)

  // In turns of neighbours it would be fairer, but each takes minutes: once each, on a warm server.
  await session.query(sql`select count(*) from bench.daily`)
  const night = await refreshed(session, size, size.days - 1, lateDays, null)
  const full = await refreshed(session, size, size.days, lateDays, null)
  print('one scan of the mart, all experiments', seconds(full.seconds))
  await session.query(sql`checkpoint`)
  const incremental = await refreshed(session, size, size.days, lateDays, night.tables)
  print(`one more day${lateDays > 0 ? `, ${lateDays} more read again` : ''}`, seconds(incremental.seconds))
  print(
    '  largest difference from the full build',
    String(await difference(session, incremental.tables, full.tables)),
  )

  const grouped = await timeGrouped(session, size)
  print(`grouped per experiment, ${grouped.queries} queries`, seconds(grouped.seconds))
  print('  largest difference of sums', String(await compareSums(session, full.tables, grouped.sums)))
  const metric = await timePerMetric(session, size, sample)
  const all = size.experiments * metricNames.flat().length
  const perMetric = metric.seconds * (all / metric.queries)
  print(`per metric, ${metric.queries} of ${all} queries timed`, `${seconds(perMetric)} (extrapolated)`)

  const ratio = (value: number, base: number): string => `${(base / value).toFixed(1)} times as fast`
  holdToRatio('one scan against grouped', full.seconds, grouped.seconds, 4)
  holdToRatio('one more day against grouped', incremental.seconds, grouped.seconds, 50)
  print('one scan against per metric', ratio(full.seconds, perMetric))
  print('one more day against per metric', ratio(incremental.seconds, perMetric))
}

/** Holds a ratio of times to what it has to be at least. */
function holdToRatio(label: string, value: number, base: number, least: number): void {
  const ratio = base / value
  holdToLimit({
    label,
    value: least / ratio,
    limit: 1,
    shown: `${ratio.toFixed(1)} times as fast, at least ${least}; as a share of that`,
  })
}

async function describeWorld(session: Session, { experiments }: WorldSize): Promise<void> {
  const { rows } = await session.query<Record<string, number>>(sql`
    select (select count(*) from bench.plays) + (select count(*) from bench.purchases) as events,
      (select count(*) from bench.daily) as days, (select count(*) from bench.exposures) as exposures`)
  const { events, days, exposures } = rows[0]!
  const shown = [
    `${events!.toLocaleString('en')} events`,
    `${days!.toLocaleString('en')} days of users`,
    `${exposures!.toLocaleString('en')} exposures`,
    `${experiments} experiments`,
    `${metricNames.flat().length} metrics`,
  ]
  print('world', shown.join(', '))
}

function metricsOf(): MetricDefinition[] {
  return metricNames.flat().map((name) => ({
    name,
    kind: 'mean',
    description: '',
    better: 'higher',
    from: { ref: 'daily', unit: 'user_id', day: 'activity_date' },
    window: { delayDays: 0 },
    matureOnly: false,
    prePeriodDays: preDays,
    value: { column: name },
  }))
}

function experimentsOf(size: WorldSize): MetricsExperiment[] {
  return Array.from({ length: size.experiments }, (_, number) => ({
    name: `experiment_${number}`,
    data: {
      kind: 'exposures',
      ref: 'exposures',
      unit: 'user_id',
      arm: 'variant',
      time: 'exposed_at',
      experiment: { column: 'experiment_id', value: `experiment_${number}` },
      ...experimentDates(number, size),
      crossovers: 'exclude',
      exposureDay: 'include',
    },
    arms: ['control', 'treatment'],
    segments: [],
    strata: [],
    metrics: metricNames.flat(),
  }))
}

interface Tables {
  readonly cells: Relation
  readonly units: Relation
  readonly groups: Relation
  readonly settledDay: number
}

let refreshes = 0

async function refreshed(
  session: Session,
  size: WorldSize,
  days: number,
  lateDays: number,
  previous: Tables | null,
): Promise<{ tables: Tables; seconds: number }> {
  const plan = planMetrics({
    metrics: metricsOf(),
    experiments: experimentsOf(size),
    lateDays,
    asOf: dateAfter(days),
  })
  const number = refreshes++
  const target = (name: string): Relation => ({ schema: 'bench', identifier: `${name}_${number}` })
  const targets = { cells: target('cells'), units: target('units'), groups: target('groups') }
  const relation = async (name: string) => {
    const place = { schema: 'bench', identifier: name }
    const columns = (await columnsOf(session, place))!
    return { relation: place, types: new Map(columns.map((column) => [column.name, column.type])) }
  }
  const before: PreviousRefresh | null = previous && {
    ...previous,
    columns: new Set((await columnsOf(session, previous.units))!.map(({ name }) => name)),
  }
  const [daily, exposures] = [await relation('daily'), await relation('exposures')]
  const took = await timed(() =>
    refreshMetrics(session, {
      plan,
      sources: [daily],
      exposures: new Map([['exposures', exposures]]),
      unitType: 'integer',
      previous: before,
      targets,
      workRelation: (name) => target(`work_${name}`),
    }),
  )
  await session.query(sql`analyze ${relationIdent(targets.units)} (experiment, unit, exposed_day, group_id)`)
  return { tables: { ...targets, settledDay: plan.settles }, seconds: took }
}

/** The largest relative difference of the last day's means and variances. */
async function difference(session: Session, a: Tables, b: Tables): Promise<number> {
  const { rows } = await session.query<{ largest: number; cells: number }>(sql`
    select max(greatest(abs(a.mean / b.mean - 1), abs(a.variance / b.variance - 1),
        abs(a.centred_products[2] - b.centred_products[2])
          / sqrt(b.centred_products[1] * b.centred_products[3]))) as largest, count(*) as cells
    from ${relationIdent(a.cells)} as a
    inner join ${relationIdent(b.cells)} as b using (experiment, arm, metric, day)`)
  if (rows[0]!.cells === 0) throw new Error('the refresh has made no cells')
  return rows[0]!.largest
}

async function timeGrouped(
  session: Session,
  size: WorldSize,
): Promise<{ seconds: number; queries: number; sums: PeerSums[] }> {
  let [total, queries] = [0, 0]
  const sums: PeerSums[] = []
  for (let number = 0; number < size.experiments; number++)
    for (const query of groupedQueries(number, size)) {
      queries += 1
      total += await timed(async () => {
        const { rows } = await session.query<Record<string, unknown>>(query)
        sums.push(...rows.map((row) => ({ experiment: `experiment_${number}`, row })))
      })
    }
  return { seconds: total, queries, sums }
}

/** The largest relative difference between the sums of the full build's last day and those of the peer. */
async function compareSums(session: Session, { cells }: Tables, sums: readonly PeerSums[]): Promise<number> {
  const { rows } = await session.query<Record<string, string | number>>(sql`
    select experiment, arm, metric, n, sum from ${relationIdent(cells)}
    where day = (select max(day) from ${relationIdent(cells)})`)
  let largest = 0
  for (const { experiment, arm, metric, n, sum } of rows) {
    const peer = sums.find(
      (each) =>
        each.experiment === experiment && each.row['variation'] === arm && `${metric}_sum` in each.row,
    )
    if (!peer || Number(peer.row['users']) !== Number(n)) throw new Error(`${experiment} ${arm}: other units`)
    largest = Math.max(largest, Math.abs(Number(sum) / Number(peer.row[`${metric}_sum`]) - 1))
  }
  return largest
}

async function timePerMetric(
  session: Session,
  size: WorldSize,
  sample: number,
): Promise<{ seconds: number; queries: number }> {
  const names = metricNames.flat()
  let total = 0
  for (let index = 0; index < sample; index++) {
    const query = perMetricQuery(index % size.experiments, names[(index * 7) % names.length]!, size)
    total += await timed(() => session.query(query))
  }
  return { seconds: total, queries: sample }
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await body()
  return (performance.now() - startedAt) / 1000
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`
}
