import type { Dag } from '../core/dag.ts'
import type { Problem } from '../core/problem.ts'
import { makeTimeZone, type TimeZone } from '../core/time-zone.ts'
import type {
  DagRetention,
  DagState,
  DagStore,
  FiredUpTo,
  Leadership,
  NewDagRun,
} from '../store/dags/index.ts'
import type { StartedBy } from '../store/index.ts'
import { dueRuns, firstFiredUpTo } from './due-runs.ts'
import { awaitedRuns, intervalBefore, scheduledRun } from './new-dag-run.ts'
import { makeTimetable, type Timetable } from './timetable.ts'

/*
 * The scheduler: one of several fires, the others stand by. Each look (a tick) asks whether it still leads, reads the
 * DAG files if they have changed, fires what is due in one transaction that counts only while it leads, and lets
 * triggers fire. It keeps nothing that the store does not know, so that any other can take over at any moment.
 */

/** What the scheduler needs of its surroundings. */
export interface SchedulerEffects {
  readonly clock: () => Date
  readonly newId: () => string
  readonly store: Pick<
    DagStore,
    | 'campaign'
    | 'renew'
    | 'resign'
    | 'recordSeen'
    | 'readStates'
    | 'fire'
    | 'readFollowUps'
    | 'readNewData'
    | 'stopOverdue'
    | 'forgetOld'
  >
  /** The DAGs of the project; the same object as long as no file has changed. */
  readonly readDags: () => DagReading
  readonly emit: (event: SchedulerEvent) => void
  readonly startedBy: StartedBy
  readonly retention: DagRetention
}

/** What reading the DAG files gives. */
export interface DagReading {
  readonly dags: readonly Dag[]
  readonly problems: readonly Problem[]
}

/** What the scheduler says while it works. */
export type SchedulerEvent =
  | { readonly type: 'leading'; readonly fence: number }
  | { readonly type: 'stood_down' }
  | { readonly type: 'dags_read'; readonly dags: number; readonly problems: readonly Problem[] }
  /** `lagMs`: how long after its instant each run was made. */
  | { readonly type: 'fired'; readonly runs: readonly FiredRun[] }
  | { readonly type: 'deadline'; readonly dagRunId: string }
  | { readonly type: 'forgotten'; readonly runs: number }

/** A run that was made. */
export interface FiredRun {
  readonly dagRunId: string
  readonly dag: string
  readonly cause: NewDagRun['cause']
  readonly instant: string | null
  readonly lagMs: number | null
}

export interface Scheduler {
  /** Looks once, and fires what is due. */
  readonly tick: () => Promise<void>
  /** Gives the right to fire to another. */
  readonly standDown: () => Promise<void>
  readonly isLeading: () => boolean
  /** When the next instant comes, as far as known; null while it does not lead, or none comes. */
  readonly nextInstant: () => number | null
}

interface Watched {
  readonly dag: Dag
  readonly timetable: Timetable | null
  /** The first instant that has not been looked at; null where none comes. */
  next: number | null
}

const renewEveryMs = 5_000
const lookEveryMs = 1_000
const forgetEveryMs = 3_600_000
/** Runs that ended while nobody led start those that follow, unless that is longer ago. */
const followBackMs = 2 * 86_400_000
/** Ends are looked at again for so long: transactions do not commit in the order of their times. */
const followOverlapMs = 60_000

/** Makes a scheduler that stands by. */
export function makeScheduler(effects: SchedulerEffects): Scheduler {
  const { clock, newId, store, readDags, emit } = effects
  const holder = newId()
  let leadership: Leadership | null = null
  let leadingSince = 0
  let lastFence = Number.NaN
  let reading: DagReading | null = null
  let watched = new Map<string, Watched>()
  let states: ReadonlyMap<string, DagState> = new Map()
  const last = { renewed: 0, looked: 0, forgot: 0, followed: 0 }

  const isTime = (of: keyof typeof last, everyMs: number, now: number): boolean => {
    // A clock that was set back must not make anything wait.
    if (now - last[of] < everyMs && now >= last[of]) return false
    last[of] = now
    return true
  }

  const lead = async (now: number): Promise<boolean> => {
    if (leadership && isTime('renewed', renewEveryMs, now) && !(await store.renew(leadership))) lose()
    if (leadership) return true
    leadership = await store.campaign(holder, effects.startedBy)
    if (!leadership) return false
    // While only the connection was lost, nobody else has fired: what came meanwhile was not missed.
    if (leadership.fence !== lastFence + 1) leadingSince = now
    lastFence = leadership.fence
    reading = null
    Object.assign(last, { renewed: now, looked: 0, forgot: 0, followed: now - followBackMs })
    emit({ type: 'leading', fence: leadership.fence })
    return true
  }

  const lose = (): void => {
    if (!leadership) return
    leadership = null
    emit({ type: 'stood_down' })
  }

  const readAgain = async (now: Date): Promise<void> => {
    const found = readDags()
    if (found !== reading) {
      const firesAfter = (dag: Dag): string => firstFiredUpTo(dag, now)
      await store.recordSeen(
        found.dags.map((dag) => ({
          dag: dag.name,
          isPausedAtFirst: dag.isPausedAtFirst,
          firesAfter: firesAfter(dag),
        })),
        now,
      )
      states = await store.readStates()
      const zoneOf = remembered(makeTimeZone)
      watched = new Map(found.dags.map((dag) => [dag.name, watch(dag, states.get(dag.name), zoneOf)]))
      reading = found
      emit({ type: 'dags_read', dags: found.dags.length, problems: found.problems })
      return
    }
    const before = states
    states = await store.readStates()
    for (const one of watched.values()) {
      const [was, is] = [before.get(one.dag.name), states.get(one.dag.name)]
      if (was?.isPaused !== is?.isPaused) one.next = nextOf(one.timetable, is)
    }
  }

  const fireDue = async (now: Date): Promise<void> => {
    const runs: NewDagRun[] = []
    const fired: FiredUpTo[] = []
    const after: (() => void)[] = []
    const known = new Map(states)
    for (const one of watched.values()) {
      const state = states.get(one.dag.name)
      if (!one.timetable || one.next === null || one.next > now.getTime() || !state || state.isPaused)
        continue
      const standing = {
        firedUpTo: Date.parse(state.firedUpTo),
        resumedAt: state.changedAt === null ? null : Date.parse(state.changedAt),
        watchedSince: leadingSince,
      }
      const due = dueRuns(one.dag, one.timetable, standing, now.getTime())
      for (const instant of due.instants)
        runs.push(scheduledRun(one.dag, one.timetable, instant, newId(), timetableOf))
      const firedUpTo = new Date(due.firedUpTo).toISOString()
      fired.push({ dag: one.dag.name, firedUpTo })
      after.push(() => {
        one.next = one.timetable!.next(due.firedUpTo)
        known.set(one.dag.name, { ...state, firedUpTo })
      })
    }
    if (fired.length === 0) return
    await fire(runs, fired, now)
    for (const note of after) note()
    states = known
  }

  const fire = async (runs: readonly NewDagRun[], fired: readonly FiredUpTo[], now: Date): Promise<void> => {
    const made = new Set(await store.fire(leadership!, runs, fired, now))
    const at = clock().getTime()
    const told = runs.filter(({ dagRunId }) => made.has(dagRunId))
    if (told.length === 0) return
    emit({
      type: 'fired',
      runs: told.map(({ dagRunId, dag, cause, instant }) => ({
        ...{ dagRunId, dag: dag.name, cause, instant: instant ?? null },
        lagMs: instant === undefined ? null : at - Date.parse(instant),
      })),
    })
  }

  const fireFollowing = async (now: Date): Promise<void> => {
    const wanted = [...watched.values()].flatMap(({ dag }) =>
      dag.triggers.afterDags.map((after) => ({ dag: dag.name, after: after.dag, on: after.on })),
    )
    if (wanted.length === 0) return
    const followUps = await store.readFollowUps(wanted, new Date(last.followed - followOverlapMs))
    const runs = followUps.flatMap(({ dag, causedBy, intervalStart, intervalEnd }): NewDagRun[] => {
      const one = watched.get(dag)
      if (!one) return []
      const occasion = `after ${causedBy}`
      return [
        {
          dagRunId: newId(),
          dag: one.dag,
          cause: 'after_dag',
          occasion,
          causedBy,
          intervalStart,
          intervalEnd,
          waitsFor: awaitedRuns(one.dag, intervalEnd, timetableOf),
        },
      ]
    })
    if (runs.length > 0) await fire(runs, [], now)
    last.followed = now.getTime()
  }

  const fireOnNewData = async (now: Date): Promise<void> => {
    const sources = [...watched.values()].flatMap(({ dag }) =>
      dag.triggers.newData.map((source) => {
        const [schema = source, table = null] = source.split('.')
        return { dag: dag.name, schema, table }
      }),
    )
    if (sources.length === 0) return
    const runs: NewDagRun[] = []
    const newest = await store.readNewData(sources)
    for (const [name, at] of newest) {
      const [one, state] = [watched.get(name), states.get(name)]
      const since = state?.changedAt ?? state?.firstSeenAt ?? at
      // What came before anybody watched, or while it was paused, starts nothing; what has started a run starts no other.
      if (!one || !state || state.isPaused || at <= since || madeFor.get(name) === at) continue
      const { start, end } = intervalBefore(one.timetable, now)
      const occasion = `new_data ${at}`
      runs.push({
        ...{ dagRunId: newId(), dag: one.dag, cause: 'new_data', occasion },
        ...{ intervalStart: start, intervalEnd: end, waitsFor: awaitedRuns(one.dag, end, timetableOf) },
      })
    }
    if (runs.length > 0) await fire(runs, [], now)
    // Only now: what could not be written is to be tried again.
    for (const { dag } of runs) madeFor.set(dag.name, newest.get(dag.name)!)
  }
  /** The data that runs were made for, so that they are not tried to be made again every second. */
  const madeFor = new Map<string, string>()

  const timetableOf = (name: string): Timetable | null => watched.get(name)?.timetable ?? null

  return {
    async tick() {
      const now = clock()
      if (!(await lead(now.getTime()))) return
      try {
        const looks = reading === null || isTime('looked', lookEveryMs, now.getTime())
        if (looks) await readAgain(now)
        await fireDue(now)
        if (!looks) return
        await fireFollowing(now)
        await fireOnNewData(now)
        for (const dagRunId of await store.stopOverdue(now)) emit({ type: 'deadline', dagRunId })
        if (isTime('forgot', forgetEveryMs, now.getTime())) {
          const runs = await store.forgetOld(effects.retention, now)
          if (runs > 0) emit({ type: 'forgotten', runs })
        }
      } catch (error) {
        // Whatever went wrong: that it still leads is to be asked before it fires again.
        last.renewed = Number.NEGATIVE_INFINITY
        throw error
      }
    },
    async standDown() {
      if (!leadership) return
      lose()
      await store.resign()
    },
    isLeading: () => leadership !== null,
    nextInstant() {
      if (!leadership) return null
      const nexts = [...watched.values()].flatMap(({ next }) => (next === null ? [] : [next]))
      return nexts.length === 0 ? null : Math.min(...nexts)
    },
  }
}

/** What is to be known of a DAG to fire it. */
function watch(dag: Dag, state: DagState | undefined, zoneOf: (name: string) => TimeZone): Watched {
  const timetable = dag.schedule && makeTimetable(dag.schedule, zoneOf)
  return { dag, timetable, next: nextOf(timetable, state) }
}

function nextOf(timetable: Timetable | null, state: DagState | undefined): number | null {
  return timetable && state ? timetable.next(Date.parse(state.firedUpTo)) : null
}

/** A thousand DAGs are in a handful of zones, and looking one up takes time. */
function remembered<Value>(make: (name: string) => Value): (name: string) => Value {
  const made = new Map<string, Value>()
  return (name) => {
    const known = made.get(name) ?? make(name)
    made.set(name, known)
    return known
  }
}
