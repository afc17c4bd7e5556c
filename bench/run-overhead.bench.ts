import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../src/core/run-result.ts'
import {
  type Connection,
  createSchema,
  createTableAs,
  createView,
  dropRelation,
  dropSchema,
  ensureEmbeddedServer,
  type Session,
  stopEmbeddedServer,
  unsafeSql,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { measureCommand } from './measured-command.ts'

/*
 * What a run costs beside the database's own work: many trivial models, against the same DDL sent by one session
 * without any client logic, as psql would send it. Both take turns, so that whatever else the machine does slows
 * down both, and each time of ours is divided by that of the DDL just before it. For models that are there already
 * the DDL drops each and makes it again, which is what it takes to change one.
 */

type Materialized = 'view' | 'table'

interface Project {
  readonly folder: string
  readonly models: number
  readonly materialized: Materialized
}

interface Measured {
  readonly label: string
  /** Of the run itself, publishing included. */
  readonly runMs: number
  /** With the start of the process, reading and compiling the project and connecting. */
  readonly commandMs: number
  /** What the run takes for each millisecond of the DDL alone. */
  readonly ratio: number
}

const threadCounts = [1, 4]
const limit = 3

/** `--models N` (200), `--rounds N` (5; the median counts). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const options = {
    models: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  const folder = mkdtempSync(join(tmpdir(), 'estimand-bench-'))
  const effects = { report: () => {}, clock: () => new Date(), env: process.env }
  try {
    const { connection } = await ensureEmbeddedServer(folder, effects)
    for (const materialized of ['view', 'table'] as const) {
      const project = { folder, models: Number(values.models), materialized }
      await compare(project, connection, Number(values.rounds))
    }
  } finally {
    await stopEmbeddedServer(folder, effects)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function compare(project: Project, connection: Connection, rounds: number): Promise<void> {
  const plain: Plain[] = []
  const measured: Measured[] = []
  const options = { threads: 1, applicationName: 'estimand bench' }
  await withWarehouse(connection, options, ({ withSession }) =>
    withSession(async (session) => {
      for (let round = 0; round < rounds; round++) {
        for (const threads of threadCounts) {
          const alone = await plainDdl(session, project)
          plain.push(alone)
          measured.push(...(await runs(session, project, threads, alone)))
        }
      }
    }),
  )
  const { models, materialized } = project
  const alone = `${materialized}s, one session, DDL alone`
  print(`${models} new ${alone}`, time(median(plain.map(({ createMs }) => createMs)), models))
  print(`${models} edited ${alone}`, time(median(plain.map(({ replaceMs }) => replaceMs)), models))
  for (const label of new Set(measured.map((one) => one.label))) {
    const same = measured.filter((one) => one.label === label)
    const ratio = median(same.map((one) => one.ratio)).toFixed(1)
    const run = time(median(same.map(({ runMs }) => runMs)), models)
    const command = Math.round(median(same.map(({ commandMs }) => commandMs)))
    print(label, `${run}, ratio ${ratio} (limit ${limit}), command ${command} ms`)
  }
}

/** A run of models that are not there, of the same models edited, and of what did not change since. */
async function runs(
  session: Session,
  project: Project,
  threads: number,
  { createMs, replaceMs }: Plain,
): Promise<Measured[]> {
  const { folder, models, materialized } = project
  await session.query(dropSchema(`${materialized}s`))
  const measured: Measured[] = []
  for (const [state, edition, plainMs] of [
    ['new', 'first', createMs],
    ['edited', 'second', replaceMs],
    ['unchanged', 'second', replaceMs],
  ] as const) {
    writeProject(project, edition)
    const { stdout, seconds } = await measureCommand(
      ['run', '--threads', String(threads), '--output', 'json'],
      folder,
    )
    const { elapsedMs } = JSON.parse(stdout) as RunResult
    measured.push({
      label: `${models} ${state} ${materialized}s, estimand run, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      runMs: elapsedMs,
      commandMs: seconds * 1000,
      ratio: elapsedMs / plainMs,
    })
  }
  return measured
}

function writeProject({ folder, models, materialized }: Project, edition: string): void {
  mkdirSync(join(folder, 'models'), { recursive: true })
  writeFileSync(
    join(folder, 'project.yml'),
    `name: trivial\nversion: '1.0'\ntarget: local\ntargets:\n  local: { engine: embedded, schema: ${materialized}s, threads: 4 }\nmodels:\n  trivial:\n    +materialized: ${materialized}\n`,
  )
  for (let index = 0; index < models; index++)
    writeFileSync(join(folder, 'models', `m_${index}.sql`), modelSql(index, edition))
}

function modelSql(index: number, edition: string): string {
  return `select ${index} as id, '${edition}' as label\n`
}

/** The same DDL without a run around it. */
interface Plain {
  readonly createMs: number
  readonly replaceMs: number
}

async function plainDdl(session: Session, { models, materialized }: Project): Promise<Plain> {
  const schema = 'plain'
  const relations = Array.from({ length: models }, (_, index) => ({ schema, identifier: `m_${index}` }))
  const create = (index: number, edition: string) => {
    const query = unsafeSql(modelSql(index, edition))
    return materialized === 'view'
      ? createView(relations[index]!, query)
      : createTableAs(relations[index]!, query)
  }
  await session.query(createSchema(schema))
  const createMs = await timed(async () => {
    for (let index = 0; index < models; index++) await session.query(create(index, 'first'))
  })
  const replaceMs = await timed(async () => {
    for (let index = 0; index < models; index++) {
      await session.query(dropRelation(relations[index]!, materialized))
      await session.query(create(index, 'second'))
    }
  })
  await session.query(dropSchema(schema))
  return { createMs, replaceMs }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

function time(totalMs: number, models: number): string {
  return `${Math.round(totalMs)} ms, ${(totalMs / models).toFixed(2)} ms each`
}

function print(label: string, value: string): void {
  console.log(`${label.padEnd(48)} ${value}`)
}
