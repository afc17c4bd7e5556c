import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { schedule } from 'node-cron'
import type { Dag } from '../src/core/dag.ts'
import { makeScheduler } from '../src/schedule/scheduler.ts'
import { makeDagStore } from '../src/store/dags/index.ts'
import { type Connection, connectWarehouse } from '../src/warehouse/index.ts'
import { holdToLimit, median, printFigure } from './limits.ts'
import { withOwnServer } from './own-server.ts'
import { measureRunStarts } from './run-starts.ts'

/*
 * One scheduler with many DAGs that run every minute, on the clock of the machine: how long after each instant its run
 * is in the queue, and how much of a core the scheduler's own process takes meanwhile. The server is another process.
 * Then how long a run takes from being handed out to its first statement.
 */

const lagLimitMs = 1_000
const coreLimit = 0.5
const startLimitMs = 150

/** `--dags N` (1000), `--minutes N` (3; 0 for none), `--starts N` (12; 0 for none), `--models N` (100). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const options = {
    dags: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '3' },
    starts: { type: 'string', default: '12' },
    models: { type: 'string', default: '100' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  await withOwnServer(async (folder, connection) => {
    if (Number(values.minutes) > 0) await lags(connection, Number(values.dags), Number(values.minutes))
    if (Number(values.starts) > 0)
      await starts(folder, connection, { count: Number(values.starts), models: Number(values.models) })
  })
}

async function lags(connection: Connection, dags: number, minutes: number): Promise<void> {
  const warehouse = await connectWarehouse(connection, { threads: 3, applicationName: 'scheduler' })
  try {
    const store = makeDagStore(warehouse, { project: 'bench', schema: 'bench' })
    await store.migrate()
    const { lags, core } = await measure(store, dags, minutes)
    printFigure('runs fired', `${lags.length}`)
    printFigure('lag, median', `${Math.round(median(lags))} ms`)
    const p99 = atShare(lags, 0.99)
    holdToLimit({ label: 'lag, p99', value: p99, limit: lagLimitMs, shown: `${Math.round(p99)} ms` })
    holdToLimit({ label: 'of a core', value: core, limit: coreLimit, shown: core.toFixed(3) })
  } finally {
    await warehouse.close()
  }
}

async function starts(
  folder: string,
  connection: Connection,
  size: { readonly count: number; readonly models: number },
): Promise<void> {
  const measured = await measureRunStarts(folder, connection, size)
  const waitedMs = measured.map((one) => one.waitedMs)
  const startMs = measured.map((one) => one.startMs)
  printFigure('queued to handed out, median', `${Math.round(median(waitedMs))} ms`)
  printFigure('handed out to first statement, each', startMs.map(Math.round).join(' '))
  const value = median(startMs)
  holdToLimit({
    ...{ label: 'handed out to first statement, median', value, limit: startLimitMs },
    shown: `${Math.round(value)} ms, the longest ${Math.round(Math.max(...startMs))} ms`,
  })
}

function atShare(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

async function measure(
  store: ReturnType<typeof makeDagStore>,
  count: number,
  minutes: number,
): Promise<{ readonly lags: number[]; readonly core: number }> {
  const lags: number[] = []
  const dags = Array.from({ length: count }, (_, number) => everyMinute(`dag_${number}`))
  const reading = { dags, problems: [] }
  const scheduler = makeScheduler({
    store,
    clock: () => new Date(),
    newId: randomUUID,
    readDags: () => reading,
    startedBy: { host: 'bench', user: 'bench', processId: process.pid },
    retention: { days: 1, runs: 1 },
    emit: (event) => {
      if (event.type === 'fired') for (const { lagMs } of event.runs) if (lagMs !== null) lags.push(lagMs)
    },
  })
  // Becoming the one that fires and reading the files is not what is measured.
  await scheduler.tick()
  let ticking: Promise<void> | null = null
  const task = schedule('* * * * * *', () => {
    ticking ??= scheduler.tick().finally(() => {
      ticking = null
    })
    return ticking
  })
  const before = process.cpuUsage()
  const began = performance.now()
  while (lags.length < count * minutes) await sleep(200)
  const { user, system } = process.cpuUsage(before)
  const core = (user + system) / 1000 / (performance.now() - began)
  await task.destroy()
  await ticking
  await scheduler.standDown()
  return { lags, core }
}

function everyMinute(name: string): Dag {
  const place = { file: `dags/${name}.yml`, line: 1, column: 1 }
  const retry = { retries: 2, delaySeconds: 60, backoff: 2, maxDelaySeconds: 600 }
  const step = { place, when: 'success', retry, timeoutSeconds: null, pool: null, vars: {} } as const
  const nodes = { exclude: [], fullRefresh: false, isOverInterval: false, failFast: false }
  return {
    ...{ name, file: place.file, place, description: '', owners: ['data'], tags: [] },
    schedule: { cron: '* * * * *', timezone: 'Europe/Berlin' },
    triggers: { afterDags: [], newData: [], webhook: null },
    dependsOn: [],
    steps: [
      { ...step, ...nodes, kind: 'load', name: 'load', needs: [], select: ['product'] },
      { ...step, ...nodes, kind: 'build', name: 'build', needs: ['load'], select: ['tag:minutely'] },
    ],
    ...{ vars: {}, target: null, startDate: null, endDate: null, catchup: 'latest' },
    ...{ maxActiveRuns: 1, dependsOnPast: false, retry, timeoutSeconds: 600, slaSeconds: null },
    notifications: { on_failure: [], on_success: [], on_sla_miss: [] },
    isPausedAtFirst: false,
    version: 'bench',
  }
}
