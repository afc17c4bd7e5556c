import type { RunEffects } from '../core/run-event.ts'
import type { Lease } from '../store/index.ts'
import { usualRetries } from './retry-policy.ts'
import { withRetries } from './with-retries.ts'

/** Does work that changes nothing, or the same however often it is done, until the server has answered; tries count from 1. */
export type AskAgain = <T>(work: (attempt: number) => Promise<T>) => Promise<T>

/**
 * For what a run does before it builds: where the connection is lost meanwhile it is done again over another, on which
 * the lease is held first.
 */
export function makeAskAgain(
  who: string,
  lease: Pick<Lease, 'hold'> | null,
  { signal, emit }: Pick<RunEffects, 'signal' | 'emit'>,
): AskAgain {
  const spec = { retries: usualRetries }
  return (work) =>
    withRetries(
      {
        spec,
        who,
        signal,
        onRetry: ({ reason }) =>
          emit({ type: 'log', level: 'warn', message: `the server is asked again: ${reason}` }),
      },
      async (attempt) => {
        if (attempt > 1) await lease?.hold()
        return work(attempt)
      },
    )
}
