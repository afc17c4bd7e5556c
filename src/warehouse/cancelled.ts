import { makeProblem, ProblemError } from '../core/problem.ts'

/** What every piece of work throws once the run has been cancelled. */
export function cancelledError(cause?: unknown): ProblemError {
  const hint = 'nothing was published; run again when you like'
  return new ProblemError(makeProblem('cancelled', 'the run was cancelled', { hint }), { cause })
}

/** Throws when the signal was given. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledError(signal.reason)
}
