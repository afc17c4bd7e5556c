import { type ScheduledTask, schedule } from 'node-cron'
import { type DagReading, readDags } from '../project/read-dags.ts'
import { makeScheduler, type Scheduler } from '../schedule/scheduler.ts'
import { makeWorker, type Worker } from '../schedule/worker.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { watchDagFiles } from './dag-files.ts'
import { flagsForSteps, makeExecuteStep } from './dag-step.ts'
import { schedulerLines, workerLines } from './display/dag-events.ts'
import { formatDuration } from './display/numbers.ts'
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
}

const workerEveryMs = 200
const beatEveryMs = 2_000

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
      const worker = flags.slots > 0 ? workerOf(context, opened, open, flags) : null
      const scheduler = roles.fires ? schedulerOf(context, opened, open, flags, () => worker?.hurry()) : null
      const loops = [scheduler && fireOnTheSecond(context, scheduler), worker && workOn(context, worker)]
      await untilAborted(context.signal)
      for (const loop of loops) loop?.stopTaking()
      await windUp(context, scheduler, worker, flags)
      for (const loop of loops) loop?.stop()
      return 0
    },
    true,
  )
}

function schedulerOf(
  context: CommandContext,
  opened: OpenTarget,
  { store }: OpenDagStore,
  { keepDays, keepRuns }: ServeFlags,
  onFired: () => void,
): Scheduler {
  const read = (): DagReading => readDags(opened.root, opened.config)
  return makeScheduler({
    store,
    clock: context.clock,
    newId: context.newId,
    readDags: watchDagFiles(opened.root, opened.config.paths.dags, read),
    startedBy: startedBy(),
    retention: { days: keepDays, runs: keepRuns },
    emit: (event) => {
      if (event.type === 'dags_read') for (const problem of event.problems) context.narrator.problem(problem)
      for (const line of schedulerLines(event)) context.narrator.note(line)
      if (event.type === 'fired') onFired()
    },
  })
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
): HurriedWorker {
  let listener = (): void => {}
  const worker = makeWorker({
    ...{ store, slots, clock: context.clock, newId: context.newId },
    startedBy: startedBy(),
    pools: opened.config.pools,
    execute: makeExecuteStep({
      ...{ root: opened.root, targetPath: opened.targetPath, environment: context.environment },
      ...{
        clock: context.clock,
        newId: context.newId,
        runWithin: context.runWithin,
        flags: flagsForSteps(context),
      },
    }),
    after: (ms, body) => {
      const timer = setTimeout(body, ms)
      return () => clearTimeout(timer)
    },
    emit: (event) => {
      for (const line of workerLines(event)) context.narrator.note(line)
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
function fireOnTheSecond(context: CommandContext, scheduler: Scheduler): Loop {
  const look = oneAtATime(context, 'schedules', scheduler.tick)
  const task: ScheduledTask = schedule('* * * * * *', look, { noOverlap: true })
  void look()
  return { stopTaking: () => void task.destroy(), stop: () => {} }
}

function workOn(context: CommandContext, worker: HurriedWorker): Loop {
  const look = oneAtATime(context, 'work', async () => {
    while ((await worker.tick()) > 0);
  })
  const beat = oneAtATime(context, 'heartbeat', worker.beat)
  worker.onHurry(() => void look())
  const looking = setInterval(look, workerEveryMs)
  const beating = setInterval(beat, beatEveryMs)
  void look()
  return { stopTaking: () => clearInterval(looking), stop: () => clearInterval(beating) }
}

/**
 * Work that is begun again and again, never twice at once. A warehouse that is away is told of once, and asked again the
 * next time.
 */
function oneAtATime(
  { narrator, clock }: CommandContext,
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
    } catch (error) {
      if (awaySince === null) narrator.note(`${what}: ${(error as Error).message}; asking again`)
      awaySince ??= clock().getTime()
    }
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
