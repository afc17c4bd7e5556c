import type { DagStep, RetryPolicy } from '../core/dag.ts'
import type { AfterStep, ClaimedStep, DagStore } from '../store/dags/index.ts'
import type { StartedBy } from '../store/index.ts'

/*
 * A worker takes steps from the queue and carries them out, some at a time. While it does, it says every few seconds that it
 * is there; the steps of one that does not any more go to others. It writes how a step ended with the claim that it
 * got, so that nothing of it counts once somebody else has the step.
 *
 *   idle ──a step is ready, and a slot is free──▶ at work ──it ended──▶ idle
 *                                                   │
 *                                                   └──the run is stopped, or others took the step──▶ aborted
 */

/** What came of carrying a step out. */
export interface StepOutcome {
  readonly status: 'success' | 'failed' | 'cancelled'
  readonly exitCode: number | null
  /** One line that says why it did not succeed. */
  readonly message: string
  /** The end of what it said. */
  readonly log: string
}

export interface WorkerEffects {
  readonly clock: () => Date
  readonly newId: () => string
  readonly store: Pick<
    DagStore,
    'enterWorker' | 'beat' | 'leaveWorker' | 'takeOver' | 'startRuns' | 'claim' | 'finish'
  >
  readonly startedBy: StartedBy
  /** How many steps are at work at the same time. */
  readonly slots: number
  /** How many places each pool has. */
  readonly pools: Readonly<Record<string, number>>
  /** Only steps of these runs; of all where nothing is said. */
  readonly only?: readonly string[]
  /** Carries a step out; an aborted signal ends it. */
  readonly execute: (step: ClaimedStep, signal: AbortSignal) => Promise<StepOutcome>
  readonly emit: (event: WorkerEvent) => void
  /** Calls back after so many milliseconds, unless what is returned is called before. */
  readonly after: (ms: number, body: () => void) => () => void
}

/** What a worker says. */
export type WorkerEvent =
  | { readonly type: 'entered'; readonly workerId: string; readonly slots: number }
  | { readonly type: 'step_started'; readonly step: ClaimedStep }
  | {
      readonly type: 'step_ended'
      readonly step: ClaimedStep
      readonly outcome: StepOutcome
      readonly after: AfterStep
      readonly retryAt: Date | null
    }
  | { readonly type: 'took_over'; readonly steps: number }
  /** Others took it for dead, and have its steps. */
  | { readonly type: 'taken_for_dead'; readonly steps: number }

export interface Worker {
  /** Takes what is ready, as far as slots are free; returns how many steps it began. */
  readonly tick: () => Promise<number>
  /** Says that it is there, and learns what is to be stopped. */
  readonly beat: () => Promise<void>
  /** Takes nothing more and waits for what is at work. */
  readonly drain: () => Promise<void>
  /** Gives back what is at work to others, and leaves. */
  readonly leave: () => Promise<void>
  readonly atWork: () => number
}

interface Working {
  readonly step: ClaimedStep
  readonly abort: AbortController
  readonly done: Promise<void>
  /** What the message says if it is aborted. */
  because: string
}

/** Makes a worker that has not entered yet: its first tick does. */
export function makeWorker(effects: WorkerEffects): Worker {
  const { clock, newId, store, slots, pools, startedBy, emit, after } = effects
  const working = new Map<string, Working>()
  let workerId: string | null = null
  let draining = false

  const enter = async (): Promise<string> => {
    if (workerId !== null) return workerId
    const id = newId()
    await store.enterWorker({ workerId: id, startedBy, slots })
    workerId = id
    emit({ type: 'entered', workerId: id, slots })
    return id
  }

  const begin = (step: ClaimedStep): void => {
    const abort = new AbortController()
    const definition = stepOf(step)
    const key = `${step.dagRunId} ${step.step}`
    const stopTimer =
      definition.timeoutSeconds === null
        ? () => {}
        : after(definition.timeoutSeconds * 1000, () =>
            stop(key, `it took longer than its ${definition.timeoutSeconds} seconds`),
          )
    emit({ type: 'step_started', step })
    const done = carryOut(step, definition, abort.signal, () => working.get(key)?.because ?? '').finally(
      () => {
        stopTimer()
        if (working.get(key)?.step === step) working.delete(key)
      },
    )
    working.set(key, { step, abort, done, because: '' })
    done.catch(() => {})
  }

  const stop = (key: string, because: string): void => {
    const one = working.get(key)
    if (!one || one.abort.signal.aborted) return
    one.because = because
    one.abort.abort()
  }

  const carryOut = async (
    step: ClaimedStep,
    { retry }: DagStep,
    signal: AbortSignal,
    because: () => string,
  ): Promise<void> => {
    const ended = await effects.execute(step, signal).catch(
      (error: unknown): StepOutcome => ({
        ...{ status: 'failed', exitCode: null, log: String((error as Error).stack ?? error) },
        message: error instanceof Error ? error.message : String(error),
      }),
    )
    const outcome = signal.aborted ? abortedOutcome(ended, because()) : ended
    const retryAt = outcome.status === 'failed' ? retryTime(retry, step.attempts, clock()) : null
    // Told outside: whatever goes wrong there must not have it written again.
    const result = await untilWritten(() => store.finish(step, { ...outcome, retryAt }, clock()))
    emit({ type: 'step_ended', step, outcome, after: result, retryAt: result.taken ? null : retryAt })
  }

  /** What a step has done is not to be lost because the warehouse is away for a moment. */
  const untilWritten = async <T>(write: () => Promise<T>): Promise<T> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await write()
      } catch (error) {
        if (gone) throw error
        await new Promise<void>((resolve) => void after(pauseMs, resolve))
      }
    }
  }
  let gone = false

  const take = async (): Promise<number> => {
    const free = slots - working.size
    const id = await enter()
    const now = clock()
    await store.startRuns(now)
    if (free <= 0 || draining) return 0
    const { only } = effects
    const to = { workerId: id, host: startedBy.host, count: free, pools, ...(only && { only }) }
    const steps = await store.claim(to, now)
    for (const step of steps) begin(step)
    return steps.length
  }
  /** What is being handed out while the worker is to end has to be known before it waits, or leaves. */
  let taking: Promise<unknown> = Promise.resolve()

  return {
    async tick() {
      if (draining) return 0
      const taken = take()
      taking = taken.catch(() => {})
      return taken
    },
    async beat() {
      if (workerId === null) return
      const { isDead, stopped } = await store.beat(workerId)
      if (isDead) {
        emit({ type: 'taken_for_dead', steps: working.size })
        for (const key of working.keys()) stop(key, 'its worker was taken for dead, and another has the step')
        workerId = null
        return
      }
      for (const { dagRunId, reason } of stopped)
        for (const [key, { step }] of working)
          if (step.dagRunId === dagRunId)
            stop(key, reason === 'deadline' ? 'the deadline of its run has passed' : 'its run was cancelled')
      const steps = await store.takeOver(clock())
      if (steps > 0) emit({ type: 'took_over', steps })
    },
    async drain() {
      draining = true
      await taking
      await Promise.allSettled([...working.values()].map(({ done }) => done))
    },
    async leave() {
      draining = true
      gone = true
      await taking
      // First the runs are cut off from the warehouse, so that ending them here drops nothing that they have built.
      if (workerId !== null) await store.leaveWorker(workerId, clock())
      workerId = null
      for (const key of working.keys()) stop(key, 'its worker ends')
    },
    atWork: () => working.size,
  }
}

const firstPauseMs = 200
const longestPauseMs = 10_000

/** When a step that failed is tried again; null for not any more. `attempts` are those before this one. */
export function retryTime(
  { retries, delaySeconds, backoff, maxDelaySeconds }: RetryPolicy,
  attempts: number,
  now: Date,
): Date | null {
  if (attempts >= retries) return null
  const seconds = Math.min(delaySeconds * backoff ** attempts, maxDelaySeconds)
  return new Date(now.getTime() + seconds * 1000)
}

/** The step of a claim as its DAG declares it. */
export function stepOf({ dag, step }: Pick<ClaimedStep, 'dag' | 'step'>): DagStep {
  return dag.steps.find(({ name }) => name === step)!
}

/** What was aborted and ended well all the same has ended well: it had published already. */
function abortedOutcome(ended: StepOutcome, because: string): StepOutcome {
  if (ended.status === 'success') return ended
  const status = because.startsWith('it took longer') ? 'failed' : 'cancelled'
  return { ...ended, status, message: because }
}
