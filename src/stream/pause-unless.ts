import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a while, and no longer when the signal is given. */
export async function pauseUnless(signal: AbortSignal, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
