import { join } from 'node:path'
import { type ScheduledTask, schedule } from 'node-cron'
import type { Dag } from '../core/dag.ts'
import { type DagReading, readDags } from '../project/read-dags.ts'
import type { DagMetrics } from '../schedule/metrics.ts'
import { awaitedRuns, intervalBefore } from '../schedule/new-dag-run.ts'
import type { Teller } from '../schedule/notify/tell-people.ts'
import { makePreparer } from '../schedule/prepare-steps.ts'
import { makeScheduler, type Scheduler } from '../schedule/scheduler.ts'
import { makeTimetable } from '../schedule/timetable.ts'
import { makeWorker, type Worker } from '../schedule/worker.ts'
import { clearArtifacts } from './clear-artifacts.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { watchDagFiles } from './dag-files.ts'
import { makeExecuteStep, prepareStep, stepPlace } from './dag-step.ts'
import { dagTeller } from './dag-teller.ts'
import { schedulerLines, workerLines } from './display/dag-events.ts'
import { formatDuration } from './display/numbers.ts'
import { observeRuns, type RunObserver } from './observe-runs.ts'
import { type OpenDagStore, withDagStore } from './open-dag-store.ts'
import { type OpenTarget, openTarget, startLog } from './open-target.ts'
import { startedBy } from './started-by.ts'

export interface ServeFlags {
  /** How many steps are carried out at the same time; 0 for a scheduler that only fires. */
  readonly slots: number
  /** Seconds that steps have to end when the process is to. */
  readonly grace: number
  /** Days that runs are kept. */
  readonly keepDays: number
  /** How many runs of each DAG are kept, however old. */
  readonly keepRuns: number
  /** Where it answers by HTTP; nowhere if not said. */
  readonly port?: number
}

const workerEveryMs = 200
const beatEveryMs = 2_000
const prepareEveryMs = 500
const clearEveryMs = 600_000

/** Fires schedules and, with slots, carries steps out until Ctrl-C or SIGTERM. */
export async function serveDags(
  context: CommandContext,
  flags: ServeFlags,
  roles: { readonly fires: boolean },
): Promise<ExitCode> {
  const opened = await openTarget(context)
  await startLog(context, opened)
  return withDagStore<ExitCode>(
    context,
    opened,
    async (open) => {
      const watch = await makeWatch(context, open, flags)
      const readAll = watchDagFiles(opened.root, opened.config.paths.dags, () =>
        readDags(opened.root, opened.config),
      )
      const observer = await observeRuns(context, opened, open.warehouse)
      const worker = flags.slots > 0 ? workerOf(context, opened, open, flags, watch, observer) : null
      const hurry = () => worker?.hurry()
      const scheduler = roles.fires
        ? schedulerOf(context, opened, open, flags, { watch, readAll, hurry })
        : null
      const teller = dagTeller(context, open.store, opened.config.name)
      const http = await endpoints(context, open, flags, { watch, readAll, hurry })
      const loops = [
        scheduler && fireOnTheSecond(context, scheduler, teller, watch),
        worker && workOn(context, worker, watch),
        worker && prepareAhead(context, opened, open, worker, readAll),
        clearNowAndThen(context, opened, open, flags),
      ]
      await untilAborted(context.signal)
      for (const loop of loops) loop?.stopTaking()
      await windUp(context, scheduler, worker, flags)
      await teller.drain(lastWordsMs)
      await observer.close()
      for (const loop of loops) loop?.stop()
      http?.close()
      return 0
    },
    true,
  )
}

/** What a process knows of itself, for those who watch it. */
interface Watch {
  readonly metrics: DagMetrics | null
  /** When each loop last came to its end, on the clock of the process. */
  readonly came: Map<string, number>
  readonly well: Map<string, number>
}

interface Shared {
  readonly watch: Watch
  readonly readAll: () => DagReading
  /** Has the worker of this process look at once. */
  readonly hurry: () => void
}

/** How long people may still be told when the process ends. */
const lastWordsMs = 5_000
/** A loop that has not come to its end for so long hangs. */
const hangsMs = 60_000

/** What counts for Prometheus is loaded only where somebody can ask for it. */
async function makeWatch(
  { clock }: CommandContext,
  { store }: OpenDagStore,
  { port }: ServeFlags,
): Promise<Watch> {
  const watch = { came: new Map(), well: new Map() }
  if (port === undefined) return { ...watch, metrics: null }
  const { makeDagMetrics } = await import('../schedule/metrics.ts')
  return { ...watch, metrics: makeDagMetrics(store.readHeldBack, clock) }
}

async function endpoints(
  { clock, newId, environment, narrator }: CommandContext,
  { store }: OpenDagStore,
  { port }: ServeFlags,
  { watch, readAll, hurry }: Shared,
) {
  if (port === undefined) return null
  const { serveHttp } = await import('./serve-http.ts')
  const isFresh = (times: ReadonlyMap<string, number>): boolean =>
    [...times.values()].every((time) => performance.now() - time < hangsMs)
  const http = await serveHttp(port, {
    environment,
    isAlive: () => isFresh(watch.came),
    isReady: () => watch.well.size > 0 && isFresh(watch.well),
    metrics: () => watch.metrics!.text(),
    findDag: (name) => readAll().dags.find((dag) => dag.name === name),
    async trigger(dag, vars) {
      const dagRunId = newId()
      const timetableOf = (of: string) => {
        const schedule = readAll().dags.find(({ name }) => name === of)?.schedule
        return schedule ? makeTimetable(schedule) : null
      }
      const { start, end } = intervalBefore(timetableOf(dag.name), clock())
      const interval = { intervalStart: start, intervalEnd: end }
      const waitsFor = awaitedRuns(dag, end, timetableOf)
      const occasion = `webhook ${dagRunId}`
      await store.make([{ dagRunId, dag, cause: 'webhook', occasion, ...interval, waitsFor, vars }], clock())
      hurry()
      return dagRunId
    },
  })
  narrator.note(`answers on port ${http.port}`)
  return http
}

function schedulerOf(
  context: CommandContext,
  opened: OpenTarget,
  { store }: OpenDagStore,
  { keepDays, keepRuns }: ServeFlags,
  { watch, readAll, hurry }: Shared,
): Scheduler {
  return makeScheduler({
    store,
    clock: context.clock,
    newId: context.newId,
    readDags: readAll,
    startedBy: startedBy(),
    retention: { days: keepDays, runs: keepRuns },
    emit: (event) => {
      if (event.type === 'dags_read') {
        for (const problem of event.problems) context.narrator.problem(problem)
        void tellTriggers(context, opened, readAll().dags, watch)
      }
      for (const line of schedulerLines(event)) context.narrator.note(line)
      watch.metrics?.onScheduler(event)
      if (event.type === 'fired') hurry()
    },
  })
}

/** Says of triggers that they wait in vain, once for each state of the DAG files. */
async function tellTriggers(
  context: CommandContext,
  opened: OpenTarget,
  dags: readonly Dag[],
  { metrics }: Watch,
): Promise<void> {
  try {
    const { triggerWarnings } = await import('./trigger-warnings.ts')
    const warnings = await triggerWarnings(context, dags, async () => opened)
    for (const warning of warnings) context.narrator.problem(warning)
    metrics?.onTriggers(warnings.length)
  } catch (error) {
    // Schedules are not to suffer for it.
    context.log.write('warn', `triggers could not be checked: ${String(error)}`)
  }
}

interface HurriedWorker extends Worker {
  /** Looks at once, and not only when its time comes. */
  readonly hurry: () => void
  readonly onHurry: (listener: () => void) => void
}

function workerOf(
  context: CommandContext,
  opened: OpenTarget,
  { store }: OpenDagStore,
  { slots }: ServeFlags,
  watch: Watch,
  observer: RunObserver,
): HurriedWorker {
  let listener = (): void => {}
  const worker = makeWorker({
    ...{ store, slots, clock: context.clock, newId: context.newId },
    startedBy: startedBy(),
    pools: opened.config.pools,
    execute: makeExecuteStep(stepPlace(context, opened)),
    after: (ms, body) => {
      const timer = setTimeout(body, ms)
      return () => clearTimeout(timer)
    },
    emit: (event) => {
      for (const line of workerLines(event)) context.narrator.note(line)
      watch.metrics?.onWorker(event)
      observer.emit(event)
      if (event.type === 'step_ended') listener()
    },
  })
  return Object.assign(worker, {
    hurry: () => listener(),
    onHurry: (next: () => void) => {
      listener = next
    },
  })
}

interface Loop {
  /** Begins nothing more. */
  readonly stopTaking: () => void
  /** Also says no more that it is there. */
  readonly stop: () => void
}

/** The seconds at which schedules can fire are node-cron's to tell. */
function fireOnTheSecond(context: CommandContext, scheduler: Scheduler, teller: Teller, watch: Watch): Loop {
  const look = oneAtATime(context, watch, 'schedules', async () => {
    await scheduler.tick()
    if (scheduler.isLeading()) await teller.tick()
  })
  const task: ScheduledTask = schedule('* * * * * *', look, { noOverlap: true })
  void look()
  return { stopTaking: () => void task.destroy(), stop: () => {} }
}

function workOn(context: CommandContext, worker: HurriedWorker, watch: Watch): Loop {
  const look = oneAtATime(context, watch, 'work', async () => {
    while ((await worker.tick()) > 0);
  })
  const beat = oneAtATime(context, watch, 'heartbeat', worker.beat)
  worker.onHurry(() => void look())
  const looking = setInterval(look, workerEveryMs)
  const beating = setInterval(beat, beatEveryMs)
  void look()
  return { stopTaking: () => clearInterval(looking), stop: () => clearInterval(beating) }
}

/** Each machine has artifacts of its own, so each process looks after those that it finds. */
function clearNowAndThen(
  context: CommandContext,
  { targetPath }: OpenTarget,
  { store }: OpenDagStore,
  { keepDays }: ServeFlags,
): Loop {
  const clear = async (): Promise<void> => {
    const before = new Date(context.clock().getTime() - keepDays * 86_400_000)
    // Whether the warehouse is away the other loops tell.
    const runs = await clearArtifacts(join(targetPath, 'dag-runs'), store, before).catch(() => 0)
    if (runs > 0) context.narrator.note(`artifacts of forgotten runs deleted: ${runs}`)
  }
  const timer = setInterval(clear, clearEveryMs)
  void clear()
  return { stopTaking: () => clearInterval(timer), stop: () => {} }
}

/** While there is nothing to do, steps are prepared for their next run; that ends at once when the process is to. */
function prepareAhead(
  context: CommandContext,
  opened: OpenTarget,
  { store }: OpenDagStore,
  worker: Worker,
  readAll: () => DagReading,
): Loop {
  const place = stepPlace(context, opened)
  const preparer = makePreparer({
    ...{ clock: context.clock, environment: place.environment, readDags: readAll },
    elapsed: () => performance.now(),
    isIdle: () => worker.atWork() === 0,
    prepare: (dag, step, args) => prepareStep(place, dag, step, args, context.signal),
    readPaused: async () => {
      const states = [...(await store.readStates()).values()]
      return new Set(states.filter(({ isPaused }) => isPaused).map(({ dag }) => dag))
    },
  })
  let isBusy = false
  const timer = setInterval(async () => {
    if (isBusy || context.signal.aborted) return
    isBusy = true
    // What is wrong with the warehouse, or a file, the other loops tell.
    await preparer.tick().catch(() => {})
    isBusy = false
  }, prepareEveryMs)
  return { stopTaking: () => clearInterval(timer), stop: () => {} }
}

/**
 * Work that is begun again and again, never twice at once. A warehouse that is away is told of once, and asked again the
 * next time.
 */
function oneAtATime(
  { narrator, clock }: CommandContext,
  { metrics, came, well }: Watch,
  what: string,
  work: () => Promise<unknown>,
): () => Promise<void> {
  let running: Promise<void> | null = null
  let again = false
  let awaySince: number | null = null
  const once = async (): Promise<void> => {
    try {
      await work()
      if (awaySince !== null)
        narrator.note(`${what}: the warehouse is back after ${formatDuration(clock().getTime() - awaySince)}`)
      awaySince = null
      well.set(what, performance.now())
      metrics?.onAway(what, false)
    } catch (error) {
      metrics?.onAway(what, true)
      if (awaySince === null) narrator.note(`${what}: ${(error as Error).message}; asking again`)
      awaySince ??= clock().getTime()
    }
    came.set(what, performance.now())
  }
  return async () => {
    again = true
    running ??= (async () => {
      while (again) {
        again = false
        await once()
      }
    })().finally(() => {
      running = null
    })
    await running
  }
}

/** Lets another lead, takes nothing more, and gives what is at work its time; what is not done then goes to others. */
async function windUp(
  { narrator }: CommandContext,
  scheduler: Scheduler | null,
  worker: Worker | null,
  { grace }: ServeFlags,
): Promise<void> {
  await scheduler?.standDown().catch(() => {})
  if (!worker) return
  if (worker.atWork() > 0) narrator.note(`waiting for ${worker.atWork()} steps, at most ${grace} seconds`)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), grace * 1000)
  })
  const ended = await Promise.race([worker.drain(), late])
  clearTimeout(timer)
  // Cutting the runs off keeps what they have built: whoever takes the steps goes on from there.
  await worker.leave().catch(() => {})
  if (ended === 'late') narrator.note('what is not done goes to other workers')
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
