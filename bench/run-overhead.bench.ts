import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../src/core/run-result.ts'
import {
  type Connection,
  connectionUrl,
  createSchema,
  createTableAs,
  createView,
  dropRelation,
  dropSchema,
  type Session,
  type SQLQuery,
  sqlText,
  unsafeSql,
  withWarehouse,
} from '../src/warehouse/index.ts'
import { holdToLimit, median, printFigure as print } from './limits.ts'
import { measureCommand } from './measured-command.ts'
import { withOwnServer } from './own-server.ts'

/*
 * What a run costs beside the database's own work: many trivial models, against the same DDL sent by psql, its start
 * included, and by one session of ours without any client logic, which is faster than psql. All take turns, so that
 * whatever else the machine does slows down both, and each time of ours is divided by that of the DDL just before it.
 * For models that are there already the DDL drops each and makes it again, which is what it takes to change one. The
 * limit is about psql; where that is not on the path, it is held against our session.
 */

type Materialized = 'view' | 'table'

interface Project {
  readonly folder: string
  readonly models: number
  readonly materialized: Materialized
}

type State = 'new' | 'edited' | 'unchanged'

interface Measured {
  readonly state: State
  readonly threads: number
  /** Of the run itself, publishing included. */
  readonly runMs: number
  /** With the start of the process, reading and compiling the project and connecting. */
  readonly commandMs: number
  /** What the run takes for each millisecond of the DDL alone. */
  readonly ofSession: number
  /** The same of psql; null where it is not on the path. */
  readonly ofPsql: number | null
}

const threadCounts = [1, 4] as const
const limit = 3

/** `--models N` (200), `--rounds N` (5; the median counts). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const options = {
    models: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  await withOwnServer(async (folder, connection) => {
    for (const materialized of ['view', 'table'] as const) {
      const project = { folder, models: Number(values.models), materialized }
      await compare(project, connection, Number(values.rounds))
    }
  })
}

async function compare(project: Project, connection: Connection, rounds: number): Promise<void> {
  const plain: Plain[] = []
  const measured: Measured[] = []
  const options = { threads: 1, applicationName: 'estimand bench' }
  await withWarehouse(connection, options, ({ withSession }) =>
    withSession(async (session) => {
      // The first run makes the store, and finds catalogues from which nothing was dropped yet; it does not count.
      await runs(session, project, 1, await plainDdl(session, project, connection))
      for (let round = 0; round < rounds; round++) {
        // Whoever comes later finds more that was dropped, so they take turns in that, too.
        for (const threads of round % 2 === 0 ? threadCounts : threadCounts.toReversed()) {
          const alone = await plainDdl(session, project, connection)
          plain.push(alone)
          measured.push(...(await runs(session, project, threads, alone)))
        }
      }
    }),
  )
  const { models, materialized } = project
  const all = `${models} ${materialized}s`
  print(`${all} new, DDL alone, one session`, time(plain, 'createMs', models))
  print(`${all} edited, DDL alone, one session`, time(plain, 'replaceMs', models))
  const byPsql = plain.flatMap(({ psql }) => psql ?? [])
  if (byPsql.length === 0) print(`${all}, psql`, 'is not on the path')
  else {
    print(`${all} new, psql`, time(byPsql, 'createMs', models))
    print(`${all} edited, psql`, time(byPsql, 'replaceMs', models))
  }
  for (const state of ['new', 'edited', 'unchanged'] as const) {
    for (const threads of threadCounts) report(all, models, measured, state, threads)
    if (state === 'new') compareThreads(all, measured)
  }
}

function report(
  all: string,
  models: number,
  measured: readonly Measured[],
  state: State,
  threads: number,
): void {
  const same = measured.filter((one) => one.state === state && one.threads === threads)
  const label = `${all} ${state}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  const shown = `${time(same, 'runMs', models)}, command ${Math.round(median(same.map(({ commandMs }) => commandMs)))} ms`
  // Nothing is made of what did not change, so there is nothing to compare it with.
  if (state === 'unchanged') {
    print(label, shown)
    return
  }
  const ofSession = median(same.map((one) => one.ofSession))
  const ofPsql = same.flatMap((one) => one.ofPsql ?? [])
  const value = ofPsql.length > 0 ? median(ofPsql) : ofSession
  const ratios = `${ofPsql.length > 0 ? `of psql ${value.toFixed(2)}, ` : ''}of one session ${ofSession.toFixed(2)}`
  holdToLimit({ label, value, limit, shown: `${shown}; ${ratios}` })
}

/** What more threads bring, run by run: those of a round follow each other. */
function compareThreads(all: string, measured: readonly Measured[]): void {
  const [one, four] = threadCounts.map((threads) =>
    measured.filter((run) => run.state === 'new' && run.threads === threads).map(({ runMs }) => runMs),
  ) as [number[], number[]]
  const share = median(four.map((runMs, round) => runMs / one[round]!))
  holdToLimit({
    label: `${all} new, 4 threads as a share of 1`,
    value: share,
    limit: 1,
    shown: share.toFixed(2),
  })
}

/** A run of models that are not there, of the same models edited, and of what did not change since. */
async function runs(session: Session, project: Project, threads: number, plain: Plain): Promise<Measured[]> {
  const { folder, materialized } = project
  await session.query(dropSchema(`${materialized}s`))
  const measured: Measured[] = []
  for (const [state, edition, key] of [
    ['new', 'first', 'createMs'],
    ['edited', 'second', 'replaceMs'],
    ['unchanged', 'second', 'replaceMs'],
  ] as const) {
    writeProject(project, edition)
    const { stdout, seconds } = await measureCommand(
      ['run', '--threads', String(threads), '--output', 'json'],
      folder,
    )
    const { elapsedMs } = JSON.parse(stdout) as RunResult
    measured.push({
      state,
      threads,
      runMs: elapsedMs,
      commandMs: seconds * 1000,
      ofSession: elapsedMs / plain[key],
      ofPsql: plain.psql && elapsedMs / plain.psql[key],
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

interface DdlTimes {
  readonly createMs: number
  readonly replaceMs: number
}

/** The same DDL without a run around it, over a session of ours. */
interface Plain extends DdlTimes {
  /** By psql; null where it is not on the path. */
  readonly psql: DdlTimes | null
}

async function plainDdl(
  session: Session,
  { models, materialized }: Project,
  connection: Connection,
): Promise<Plain> {
  const schema = 'plain'
  const relations = Array.from({ length: models }, (_, index) => ({ schema, identifier: `m_${index}` }))
  const create = (index: number, edition: string) => {
    const query = unsafeSql(modelSql(index, edition))
    return materialized === 'view'
      ? createView(relations[index]!, query)
      : createTableAs(relations[index]!, query)
  }
  const creating = relations.map((_, index) => create(index, 'first'))
  const replacing = relations.flatMap((relation, index) => [
    dropRelation(relation, materialized),
    create(index, 'second'),
  ])
  const inSchema = async <T>(body: () => Promise<T>): Promise<T> => {
    await session.query(createSchema(schema))
    const value = await body()
    await session.query(dropSchema(schema))
    return value
  }
  const bySession = await inSchema(async () => ({
    createMs: await timed(() => sendAll(session, creating)),
    replaceMs: await timed(() => sendAll(session, replacing)),
  }))
  const psql = await inSchema(async () => {
    const createMs = timePsql(creating, connection)
    return createMs === null ? null : { createMs, replaceMs: timePsql(replacing, connection)! }
  })
  return { ...bySession, psql }
}

async function sendAll(session: Session, statements: readonly SQLQuery[]): Promise<void> {
  for (const statement of statements) await session.query(statement)
}

function timePsql(statements: readonly SQLQuery[], connection: Connection): number | null {
  const script = statements.map((statement) => `${sqlText(statement).text};\n`).join('')
  const url = connectionUrl(connection, { withPassword: true })
  const startedAt = performance.now()
  const { error, status, stderr } = spawnSync('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', url], {
    input: script,
  })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null
  if (error || status !== 0) throw new Error(`psql failed: ${stderr}`, { cause: error })
  return performance.now() - startedAt
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** The median of one of the times, in all and for each model. */
function time<Key extends string>(
  measured: readonly Readonly<Record<Key, number>>[],
  key: Key,
  models: number,
): string {
  const totalMs = median(measured.map((one) => one[key]))
  return `${Math.round(totalMs)} ms, ${(totalMs / models).toFixed(2)} ms each`
}
