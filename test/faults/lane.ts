import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { type Connection, connectWarehouse, sql, type Warehouse } from '../../src/warehouse/index.ts'
import { type Ended, type Started, startEstimand } from '../cli/spawn-estimand.ts'
import { type ProjectRun, type ProjectRunOptions, runProject } from '../run/run-project.ts'
import { type FaultProject, schema } from './fault-project.ts'
import { installMoments } from './moments.ts'
import {
  liveRun,
  noLeftovers,
  type PublishedState,
  type Rows,
  readLeftovers,
  readState,
  stateAfter,
  viewOfOthers,
} from './published-state.ts'
import { makeReadyRunners } from './ready-runners.ts'

/*
 * A project on a database of its own, and the numbers of its runs that were published. One run after the other is
 * disturbed in some way; after each, what stands in the database has to be what one of two histories says.
 */

/** Whether a disturbed run was published. */
export type Outcome = 'before' | 'after'

export interface Lane {
  readonly project: FaultProject
  readonly url: string
  readonly rows: Rows
  /** The runs that were published. */
  readonly published: readonly number[]
  /** How often readers' state was compared with what it has to be. */
  readonly checked: () => number
  /** Starts the next run as a process that was ready. */
  readonly start: (vars?: object) => Started
  /** Carries out the next run in this process. */
  readonly runHere: (options?: ProjectRunOptions) => Promise<ProjectRun>
  /** Goes on with the run that was started last, in this process. */
  readonly retryHere: (runId: string) => Promise<ProjectRun>
  /**
   * Compares with what is to be found when the run that was started last was published, or was not. Where a backend of
   * it may still be committing, `before` may become `after`.
   */
  readonly check: (mayCommit?: 'may still commit') => Promise<Outcome>
  /** The next run, undisturbed: it has to succeed, publish, and clear up. */
  readonly recover: (how: 'here' | 'as a process', onStarted?: (started: Started) => void) => Promise<void>
  /** Waits until no backend of runs is left: those of a dead client find out when they want to tell it something. */
  readonly quiet: () => Promise<void>
  readonly close: () => Promise<void>
}

/** How long backends of a client that is gone may show no progress, on a machine that is busy with other things. */
const patienceMs = 60_000

/** Makes a lane: runs the project once (again), then has the server count moments. */
export async function makeLane(
  project: FaultProject,
  connection: Connection,
  url: string,
  earlier: readonly number[] = [],
): Promise<Lane> {
  const warehouse: Warehouse = await connectWarehouse(connection, { threads: 2, applicationName: 'faults' })
  const runners = makeReadyRunners(1)
  const published = [...earlier]
  let run = earlier.length
  /** A run of which it is not known yet whether it was published. */
  let undecided: number | null = null
  let checks = 0
  const rows: Rows = async (query) => (await warehouse.query(query)).rows
  const environment = { DATABASE_URL: url }

  const next = (): number => {
    run++
    project.setRun(run)
    return run
  }
  const compare = (state: PublishedState): void => {
    const expected = stateAfter(published)
    const differing = Object.keys({ ...state, ...expected }).filter(
      (key) => !isDeepStrictEqual(state[key], expected[key]),
    )
    const pick = (from: PublishedState) => Object.fromEntries(differing.map((key) => [key, from[key]]))
    expect(pick(state)).toEqual(pick(expected))
    checks++
  }
  const succeed = async (): Promise<void> => {
    const state = await readState(rows)
    const before = undecided
    undecided = null
    if (before !== null && (state['log'] as number[]).includes(before)) published.push(before)
    published.push(run)
    compare(state)
    expect(await readLeftovers(rows)).toEqual(noLeftovers)
  }
  const runHere = (options: ProjectRunOptions = {}): Promise<ProjectRun> =>
    runProject(project.root, connection, {
      ...options,
      vars: { run: next(), ...options.vars },
      env: environment,
      threads: 3,
    })
  const recoverHere = async (): Promise<void> => {
    const { result } = await runHere()
    expect(result).toMatchObject({ status: 'success', published: true, problems: [] })
    // Where nothing was built nothing was tried; the seed of events alone never changes.
    const reused = result.results.flatMap(({ nodeId, status }) => (status === 'reused' ? [nodeId] : []))
    expect(reused.filter((nodeId) => nodeId !== 'seed.faults.events')).toEqual([])
  }
  const recoverAsProcess = async (onStarted: (started: Started) => void): Promise<void> => {
    const started = startFaultRun(project, url, { run: next() })
    onStarted(started)
    expectSuccess(await started.ended)
  }

  const lane: Lane = {
    project,
    url,
    rows,
    published,
    checked: () => checks,
    start: (vars = {}) => {
      const started = runners.start(project.root, runArguments({ run: next(), ...vars }), environment)
      undecided = run
      return started
    },
    runHere: (options) => {
      const running = runHere(options)
      undecided = run
      return running
    },
    retryHere: (runId) =>
      runProject(project.root, connection, { vars: { run }, env: environment, threads: 3, retryOf: runId }),
    check: async (mayCommit) => {
      const state = await readState(rows)
      const isNew = liveRun(state) === run
      if (isNew) published.push(run)
      if (isNew || !mayCommit) undecided = null
      compare(state)
      return isNew ? 'after' : 'before'
    },
    recover: async (how, onStarted = () => {}) => {
      await (how === 'here' ? recoverHere() : recoverAsProcess(onStarted))
      await lane.quiet()
      await succeed()
    },
    quiet: () => untilQuiet(rows),
    close: () => {
      runners.close()
      return warehouse.close()
    },
  }

  await recoverHere()
  published.push(run)
  for (const statement of viewOfOthers) await rows(statement)
  await installMoments(rows, schema)
  compare(await readState(rows))
  return lane
}

/** Starts a run as a process, as people start it. */
export function startFaultRun({ root }: FaultProject, url: string, vars: object): Started {
  return startEstimand(root, runArguments(vars), { DATABASE_URL: url })
}

function runArguments(vars: object): readonly string[] {
  return [
    'build',
    '--log-format',
    'json',
    '--wait-timeout',
    '30',
    '--no-write-json',
    '--vars',
    JSON.stringify(vars),
  ]
}

/** A process that was not disturbed has to end well; what it said is shown otherwise. */
export function expectSuccess({ code, out, err }: Ended): void {
  if (code !== 0) throw new Error(`the run ended with ${code}:\n${err}${out}`)
}

/** Waits until nobody but the tests is on a database; what is left may take its time as long as it gets on. */
export async function untilQuiet(rows: Rows): Promise<void> {
  let before = ''
  for (let since = Date.now(); ; await sleep(20)) {
    const left = await rows(sql`
      select pid, application_name, state, wait_event, backend_xid, state_change, left(query, 200) as query
      from pg_catalog.pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' and application_name <> 'faults'
      order by pid`)
    if (left.length === 0) return
    const now = JSON.stringify(left)
    if (now !== before) since = Date.now()
    before = now
    if (Date.now() - since > patienceMs) throw new Error(`sessions of a dead run are left: ${now}`)
  }
}
