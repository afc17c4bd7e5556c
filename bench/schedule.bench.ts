import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { schedule } from 'node-cron'
import type { Dag } from '../src/core/dag.ts'
import { makeScheduler } from '../src/schedule/scheduler.ts'
import { makeDagStore } from '../src/store/dags/index.ts'
import { connectWarehouse, ensureEmbeddedServer, stopEmbeddedServer } from '../src/warehouse/index.ts'
import { holdToLimit, printFigure } from './limits.ts'

/*
 * One scheduler with many DAGs that run every minute, on the clock of the machine: how long after each instant its run
 * is in the queue, and how much of a core the scheduler's own process takes meanwhile. The server is another process.
 */

const lagLimitMs = 1_000
const coreLimit = 0.5

/** `--dags N` (1000), `--minutes N` (3). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const options = {
    dags: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '3' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  const folder = mkdtempSync(join(tmpdir(), 'estimand-bench-'))
  const effects = { report: () => {}, clock: () => new Date(), env: process.env }
  try {
    const { connection } = await ensureEmbeddedServer(folder, effects)
    const warehouse = await connectWarehouse(connection, { threads: 3, applicationName: 'scheduler' })
    try {
      const store = makeDagStore(warehouse, { project: 'bench', schema: 'bench' })
      await store.migrate()
      const { lags, core } = await measure(store, Number(values.dags), Number(values.minutes))
      lags.sort((a, b) => a - b)
      const at = (share: number): number => lags[Math.min(lags.length - 1, Math.floor(lags.length * share))]!
      printFigure('runs fired', `${lags.length}`)
      printFigure('lag, median', `${Math.round(at(0.5))} ms`)
      const p99 = at(0.99)
      holdToLimit({ label: 'lag, p99', value: p99, limit: lagLimitMs, shown: `${Math.round(p99)} ms` })
      holdToLimit({ label: 'of a core', value: core, limit: coreLimit, shown: core.toFixed(3) })
    } finally {
      await warehouse.close()
    }
  } finally {
    await stopEmbeddedServer(folder, effects)
    rmSync(folder, { recursive: true, force: true })
  }
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
