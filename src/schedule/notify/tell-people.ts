import pLimit from 'p-limit'
import type { NotificationOccasion, NotificationTarget } from '../../core/dag.ts'
import type { EndedRun } from '../../store/dags/index.ts'
import { noticeOf } from './notice.ts'
import { type SendEffects, sendNotice } from './send-notice.ts'

/*
 * Tells people what has become of runs. It stands beside the runs and not in their way: a tick looks who is to be
 * told and returns; the sending goes on by itself, each try with a time limit of its own.
 *
 *     due ──tick──▶ sending ──sent, or given up──▶ recorded
 *                      │  ▲
 *                      └──┘ no answer: again after a while
 *
 * A process that dies while it sends has recorded nothing: another one sends again. People hear at least once.
 */

export interface TellerEffects extends SendEffects {
  readonly project: string
  readonly readDue: () => Promise<readonly EndedRun[]>
  readonly recordTold: (dagRunId: string, occasion: NotificationOccasion) => Promise<void>
  readonly emit: (event: TellerEvent) => void
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly timeoutMs?: number
  /** How long to wait before each further try. */
  readonly delaysMs?: readonly number[]
}

/** What the teller says; nothing in it is secret. */
export interface TellerEvent {
  readonly type: 'told' | 'not_told'
  readonly dag: string
  readonly dagRunId: string
  readonly occasion: NotificationOccasion
  readonly target: NotificationTarget['kind']
  /** Why it could not be told. */
  readonly reason: string | null
  /** Whether it is tried again. */
  readonly willRetry: boolean
}

export interface Teller {
  /** Begins to tell what is due and not being told already; returns how many runs these are. */
  readonly tick: () => Promise<number>
  /** Waits for what is being sent, so long at most; what is left then is sent by whoever comes next. */
  readonly drain: (mostMs: number) => Promise<void>
}

const sentAtOnce = 32
const defaultTimeoutMs = 10_000

/** Makes a teller. */
export function makeTeller(effects: TellerEffects): Teller {
  const { readDue, recordTold, timeoutMs = defaultTimeoutMs } = effects
  const sending = new Map<string, Promise<void>>()
  const stop = new AbortController()
  const limit = pLimit(sentAtOnce)
  const tell = async (due: EndedRun): Promise<void> => {
    const targets = due.dag.notifications[due.occasion]
    const notice = noticeOf(due, effects.project)
    await Promise.all(
      targets.map((target) =>
        tellOne(effects, due, target, stop.signal, () =>
          limit(() =>
            withTimeLimit(timeoutMs, stop.signal, (signal) => sendNotice(target, notice, effects, signal)),
          ),
        ),
      ),
    )
    if (!stop.signal.aborted) await recordTold(due.run.dagRunId, due.occasion)
  }
  return {
    tick: async () => {
      let begun = 0
      for (const due of await readDue()) {
        const key = `${due.run.dagRunId} ${due.occasion}`
        if (sending.has(key) || stop.signal.aborted) continue
        begun++
        // What could not be recorded is due again at the next tick.
        const done = tell(due).catch(() => {})
        sending.set(
          key,
          done.finally(() => sending.delete(key)),
        )
      }
      return begun
    },
    drain: async (mostMs) => {
      const over = new AbortController()
      await Promise.race([Promise.all(sending.values()), effects.sleep(mostMs, over.signal)])
      over.abort()
      stop.abort()
      await Promise.all(sending.values())
    },
  }
}

const defaultDelaysMs = [5_000, 30_000]

async function tellOne(
  { emit, sleep, delaysMs = defaultDelaysMs }: TellerEffects,
  { run, occasion, dag }: EndedRun,
  target: NotificationTarget,
  stop: AbortSignal,
  send: () => Promise<string | null>,
): Promise<void> {
  for (const delay of [...delaysMs, null]) {
    if (stop.aborted) return
    const reason = await send()
    const willRetry = reason !== null && delay !== null
    emit({
      type: reason === null ? 'told' : 'not_told',
      ...{ dag: dag.name, dagRunId: run.dagRunId, occasion, target: target.kind, reason, willRetry },
    })
    if (reason === null || delay === null) return
    await sleep(delay, stop)
  }
}

/** Not AbortSignal.any of a timeout: Node 20 may collect such a signal while it is waited for, and then it never comes. */
async function withTimeLimit<T>(
  ms: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new DOMException('no answer in time', 'TimeoutError')), ms)
  const end = () => limit.abort(stop.reason)
  if (stop.aborted) end()
  stop.addEventListener('abort', end, { once: true })
  try {
    return await work(limit.signal)
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', end)
  }
}
