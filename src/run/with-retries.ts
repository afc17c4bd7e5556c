import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfCancelled } from '../warehouse/index.ts'
import { decideRetry, type Retry, type RetrySpec } from './retry-policy.ts'

export interface Retrying {
  readonly spec: RetrySpec
  /** Who tries: what decides how long the pauses are. */
  readonly who: string
  readonly signal: AbortSignal
  /** Called before each pause with the error, and which try it was that failed, from 1. */
  readonly onRetry?: (retry: Retry, attempt: number, error: unknown) => void
  /** Whether an error is not to be met by another try, whatever it stands for. */
  readonly isFinal?: (error: unknown) => boolean
}

/** Does the work until it succeeds, or fails for a reason that another try does not change. */
export async function withRetries<T>(
  { spec, who, signal, onRetry, isFinal }: Retrying,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      const retry = signal.aborted || isFinal?.(error) ? null : decideRetry(error, attempt, spec, who)
      if (!retry) throw error
      onRetry?.(retry, attempt, error)
      await sleep(retry.pauseMs, undefined, { signal }).catch(() => {})
      throwIfCancelled(signal)
    }
  }
}
