import type { Dag } from '../core/dag.ts'
import { intervalOf, isWithin } from './due-instants.ts'
import { preparingArgs } from './step-command.ts'
import { makeTimetable, type Timetable } from './timetable.ts'

/*
 * Compiling ahead. What a step begins with, reading and compiling the project with its vars, takes longer than all else
 * until its first statement, and the vars of the next scheduled run are known long before it. So a worker that has
 * nothing to do prepares each step for its DAG's next instant, the nearest first, and again when that has gone by.
 *
 *     idle ──a step is not prepared for its next run──▶ preparing ──▶ resting as long ──▶ idle
 */

export interface PreparerEffects {
  readonly clock: () => Date
  /** The DAGs of the project; the same object as long as no file has changed. */
  readonly readDags: () => { readonly dags: readonly Dag[] }
  readonly environment: Readonly<Record<string, string | undefined>>
  /** DAGs that do not run by themselves now. */
  readonly readPaused: () => Promise<ReadonlySet<string>>
  /** Whether the worker has nothing to do. */
  readonly isIdle: () => boolean
  /** Compiles into the step's folder; what is wrong with the project the step will tell. */
  readonly prepare: (dag: string, step: string, args: readonly string[]) => Promise<void>
  /** Milliseconds of a clock that only goes on. */
  readonly elapsed: () => number
}

export interface Preparer {
  /** Prepares at most one step. */
  readonly tick: () => Promise<void>
}

interface Upcoming {
  readonly dag: Dag
  readonly timetable: Timetable
  /** When it runs next; null for never. */
  instant: number | null
}

/** It rests as long as it worked, so that it takes no more than half a core. */
const restFactor = 1

/** Makes what prepares the steps of one worker. */
export function makePreparer(effects: PreparerEffects): Preparer {
  const { clock, readDags, environment, readPaused, isIdle, prepare, elapsed } = effects
  let reading: ReturnType<typeof readDags> | null = null
  let upcoming: Upcoming[] = []
  /** By DAG and step, the command line that was run for it. */
  const prepared = new Map<string, string>()
  let queue: { readonly dag: string; readonly step: string; readonly args: readonly string[] }[] = []
  let restsUntil = 0

  const lookAhead = async (now: number): Promise<void> => {
    const found = readDags()
    const isNew = found !== reading
    if (!isNew && !upcoming.some(({ instant }) => instant !== null && instant < now)) return
    // Before anything is noted: where the store is away, all of it is to be looked at again.
    const paused = await readPaused()
    if (isNew) {
      reading = found
      upcoming = found.dags.flatMap((dag) =>
        dag.schedule ? [{ dag, timetable: makeTimetable(dag.schedule), instant: null }] : [],
      )
    }
    const passed = upcoming.filter(({ instant }) => isNew || (instant !== null && instant < now))
    for (const one of passed) one.instant = one.timetable.next(now)
    queue = [...upcoming]
      .filter(({ dag, instant }) => instant !== null && !paused.has(dag.name))
      .sort((a, b) => a.instant! - b.instant!)
      .flatMap((one) => stepsOf(one, environment))
      .filter(({ dag, step, args }) => prepared.get(`${dag} ${step}`) !== JSON.stringify(args))
  }

  return {
    async tick() {
      if (!isIdle() || elapsed() < restsUntil) return
      await lookAhead(clock().getTime())
      const next = queue.shift()
      if (!next) return
      const began = elapsed()
      prepared.set(`${next.dag} ${next.step}`, JSON.stringify(next.args))
      await prepare(next.dag, next.step, next.args)
      restsUntil = elapsed() + restFactor * (elapsed() - began)
    },
  }
}

function stepsOf({ dag, timetable, instant }: Upcoming, environment: PreparerEffects['environment']) {
  const { start, end } = intervalOf(timetable, instant!)
  if (!isWithin(dag, start)) return []
  const run = { intervalStart: start, intervalEnd: end, vars: {} }
  return dag.steps.flatMap(({ name }) => {
    const args = argsOf({ dag, step: name, dagRunId: '', run }, environment)
    return args ? [{ dag: dag.name, step: name, args }] : []
  })
}

/** A template may need what is not there yet; then the step compiles for itself. */
function argsOf(...[claimed, environment]: Parameters<typeof preparingArgs>): readonly string[] | null {
  try {
    return preparingArgs(claimed, environment)
  } catch {
    return null
  }
}
