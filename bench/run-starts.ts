import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, sql, withWarehouse } from '../src/warehouse/index.ts'

/*
 * How long it takes from a step being handed out to the first statement of its first node, by the server's own clock.
 * The scheduler is the built command, as people start it. Its DAG has a value in its vars that is another each time, as
 * nightly DAGs have, so that nothing of the run before serves as it is.
 */

const everySeconds = 5

/** What of a run's beginning was measured, in milliseconds. */
export interface RunStart {
  /** From the run being queued to its step being handed out. */
  readonly waitedMs: number
  /** From there to the first statement of its first node. */
  readonly startMs: number
}

/** Lets a scheduler run a DAG so many times. */
export async function measureRunStarts(
  folder: string,
  connection: Connection,
  { count, models }: { readonly count: number; readonly models: number },
): Promise<RunStart[]> {
  writeProject(folder, models)
  const scheduler = spawn(
    process.execPath,
    [join(import.meta.dirname, '..', 'bin', 'estimand.js'), 'scheduler'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const ended = new Promise<void>((resolve) => scheduler.on('close', () => resolve()))
  try {
    const options = { threads: 1, applicationName: 'estimand bench' }
    return await withWarehouse(connection, options, async (warehouse) => {
      for (;;) {
        await sleep(1000)
        const { rows } = await warehouse.query<{ there: boolean }>(
          sql`select to_regclass('bench_starts.first') is not null as there`,
        )
        const starts = rows[0]!.there ? (await warehouse.query<RunStart>(startsQuery)).rows : []
        if (starts.length >= count) return starts
        if (scheduler.exitCode !== null) throw new Error(`the scheduler ended with ${scheduler.exitCode}`)
      }
    })
  } finally {
    scheduler.kill('SIGTERM')
    await ended
  }
}

const startsQuery = sql`
  select extract(epoch from tried.started_at - run.queued_at)::float8 * 1000 as "waitedMs",
    extract(epoch from first.at - tried.started_at)::float8 * 1000 as "startMs"
  from bench_starts.first
  join estimand.dag_step_tries tried on tried.run_id::text = first.run_id
  join estimand.dag_runs run using (dag_run_id)
  order by tried.started_at`

function writeProject(folder: string, models: number): void {
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write(
    'project.yml',
    `name: bench_starts\nversion: '1.0'\ntarget: local\ntargets:\n  local: { engine: embedded, schema: bench_starts, threads: 4 }\n`,
  )
  write(
    'dags/often.yml',
    `schedule: "*/${everySeconds} * * * * *"\nvars: { moment: "{{ data_interval_end }}" }\nsteps:\n  - build: first\n`,
  )
  for (let index = 0; index < models; index++) write(`models/other_${index}.sql`, `select ${index} as id\n`)
  write(
    'models/first.sql',
    "{{ config(materialized='incremental') }}\nselect clock_timestamp() as at, '{{ invocation_id }}' as run_id\n",
  )
}
