import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../src/core/run-result.ts'
import {
  createSchema,
  createTableAs,
  createView,
  dropSchema,
  ensureEmbeddedServer,
  stopEmbeddedServer,
  unsafeSql,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { measureCommand } from './measured-command.ts'

/*
 * What a run costs beside the database's own work: many trivial models, against the same DDL sent by one session
 * without any client logic, as psql would send it.
 */

/** `--models N` (200), `--rounds N` (3; the median counts). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const options = {
    models: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  const models = Number(values.models)
  const folder = mkdtempSync(join(tmpdir(), 'estimand-bench-'))
  const effects = { report: () => {}, clock: () => new Date(), env: process.env }
  try {
    for (const materialized of ['view', 'table'] as const) {
      writeProject(folder, models, materialized)
      const plain = await median(Number(values.rounds), () => plainDdl(folder, models, materialized))
      print(`${models} ${materialized}s, one session, DDL alone`, milliseconds(plain, models))
      for (const threads of [1, 4]) {
        const run = await median(Number(values.rounds), () => timeRun(folder, threads))
        print(
          `${models} ${materialized}s, estimand run, ${threads} threads`,
          `${milliseconds(run, models)}, ratio ${(run / plain).toFixed(1)} (limit 3)`,
        )
      }
    }
  } finally {
    await stopEmbeddedServer(folder, effects)
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeProject(folder: string, models: number, materialized: string): void {
  mkdirSync(join(folder, 'models'), { recursive: true })
  writeFileSync(
    join(folder, 'project.yml'),
    `name: trivial\nversion: '1.0'\ntarget: local\ntargets:\n  local: { engine: embedded, schema: ${materialized}s, threads: 4 }\nmodels:\n  trivial:\n    +materialized: ${materialized}\n`,
  )
  for (let index = 0; index < models; index++)
    writeFileSync(join(folder, 'models', `m_${index}.sql`), modelSql(index))
}

function modelSql(index: number): string {
  return `select ${index} as id, 'row' as label\n`
}

/** From the start of the run to its end, publishing included; without compiling and connecting. */
async function timeRun(folder: string, threads: number): Promise<number> {
  const { stdout } = await measureCommand(['run', '--threads', String(threads), '--output', 'json'], folder)
  return (JSON.parse(stdout) as RunResult).elapsedMs
}

async function plainDdl(folder: string, models: number, materialized: 'view' | 'table'): Promise<number> {
  const { connection } = await ensureEmbeddedServer(folder, {
    report: () => {},
    clock: () => new Date(),
    env: process.env,
  })
  return withWarehouse(connection, { threads: 1, applicationName: 'estimand bench' }, (warehouse) =>
    warehouse.withSession(async (session) => {
      await session.query(createSchema('plain'))
      const startedAt = performance.now()
      for (let index = 0; index < models; index++) {
        const relation = { schema: 'plain', identifier: `m_${index}` }
        const query = unsafeSql(modelSql(index))
        await session.query(
          materialized === 'view' ? createView(relation, query) : createTableAs(relation, query),
        )
      }
      const elapsedMs = performance.now() - startedAt
      await session.query(dropSchema('plain'))
      return elapsedMs
    }),
  )
}

async function median(rounds: number, measure: () => Promise<number>): Promise<number> {
  const measured: number[] = []
  for (let round = 0; round < rounds; round++) measured.push(await measure())
  return measured.sort((a, b) => a - b)[Math.floor(rounds / 2)]!
}

function milliseconds(total: number, models: number): string {
  return `${Math.round(total)} ms, ${(total / models).toFixed(2)} ms each`
}

function print(label: string, value: string): void {
  console.log(`${label.padEnd(44)} ${value}`)
}
