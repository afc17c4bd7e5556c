import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpAddress } from './http-address.ts'

/*
 * Asking a web server, again where that may help. Messages never have more of an address than it shows.
 */

/** What a server answers that no repetition changes. */
export class HttpFailure extends Error {
  readonly status: number | null

  constructor(message: string, status: number | null, cause?: unknown) {
    super(message, { cause })
    this.status = status
  }
}

export interface Ask {
  readonly method: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** How often a request is tried, and how long is waited before the second try; twice as long before each other. */
const tries = 5
const firstWaitMs = 500
const longestWaitMs = 60_000

/** How long a server may send no byte of a file that it has begun to send, before it is asked for the rest. */
export const stallLimitMs = 60_000

/** What a request is made with. */
export interface HttpEffects {
  readonly fetch: typeof globalThis.fetch
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<unknown>
  readonly stallMs: number
}

export const httpEffects: HttpEffects = {
  stallMs: stallLimitMs,
  fetch: (...args) => globalThis.fetch(...args),
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
}

/** The answer of the server, unless it is that there is none to be had. */
export async function askServer(address: HttpAddress, ask: Ask, effects: HttpEffects): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const answer = await askOnce(address, ask, effects)
    if (answer instanceof Response && (answer.ok || !isPassing(answer.status))) {
      if (answer.ok) return answer
      await answer.body?.cancel()
      throw new HttpFailure(`the server answers ${answer.status} ${answer.statusText}`.trim(), answer.status)
    }
    if (isRedirectedForEver(answer))
      throw new HttpFailure('it is redirected again and again, as in a loop', null, answer)
    const asked = answer instanceof Response ? Number(answer.headers.get('retry-after')) * 1000 : 0
    if (answer instanceof Response) await answer.body?.cancel()
    if (attempt === tries)
      throw answer instanceof Response
        ? new HttpFailure(`the server answers ${answer.status}, ${tries} times`, answer.status)
        : new HttpFailure(`the server cannot be reached: ${reasonOf(answer)}`, null, answer)
    await effects.sleep(waitMs(attempt, asked), ask.signal)
  }
}

async function askOnce(
  { url, headers }: HttpAddress,
  { method, headers: more, signal }: Ask,
  { fetch }: HttpEffects,
): Promise<Response | Error> {
  try {
    return await fetch(url, { method, headers: { ...headers, ...more }, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    return error as Error
  }
}

/** How long to wait after a failure: as long as the server asks for, within bounds. */
export function waitMs(attempt: number, askedMs = 0): number {
  const own = firstWaitMs * 2 ** (attempt - 1)
  return Math.min(longestWaitMs, Math.max(own, Number.isFinite(askedMs) ? askedMs : 0))
}

/** Shortly, and by its cause: what fetch says may have the whole address in it, unless it is words and no more. */
export function reasonOf(error: unknown): string {
  const { cause, name } = error as Error
  const { code, message = '' } = (cause ?? {}) as NodeJS.ErrnoException
  return code ?? (/^[A-Za-z ()-]+$/.test(message) ? message : name)
}

/** What fetch gives up by itself: it would do so each time. */
function isRedirectedForEver(answer: Response | Error): boolean {
  return answer instanceof Error && (answer.cause as Error | undefined)?.message === 'redirect count exceeded'
}

/** Too busy, or not at work for a moment. */
function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}
