import { Readable } from 'node:stream'
import { waitMs } from './http-request.ts'

/*
 * Reading a file over the network to its end: where the connection breaks, or no byte comes any more, it is read on from
 * there.
 */

/** Bytes of a file from some place on. */
export interface Answer {
  readonly bytes: AsyncIterable<Uint8Array>
  /** How many bytes of the file come before them: as many as were asked to, or none. */
  readonly startsAt: number
}

export interface ReadingOn {
  /**
   * Asks for what comes after so many bytes; throws where it is not the same file any more. When the signal aborts, the
   * bytes of the answer end with an error. `brokenBy` is what ended those before, in a word.
   */
  readonly ask: (sofar: number, signal: AbortSignal, brokenBy: string | null) => Promise<Answer>
  readonly signal: AbortSignal
  /** How long no byte may come before it is asked again. */
  readonly stallMs: number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<unknown>
  /** In a word, without anything secret. */
  readonly reasonOf: (error: unknown) => string
}

/** How often a connection may break one after the other without a byte between. */
const breaksInARow = 5

const aheadBytes = 1024 * 1024

/** All bytes of a file. */
export function readOn(reading: ReadingOn): Readable {
  return Readable.from(bytesOf(reading), { objectMode: false, highWaterMark: aheadBytes })
}

async function* bytesOf(reading: ReadingOn): AsyncGenerator<Uint8Array> {
  const { ask, signal, stallMs, sleep, reasonOf } = reading
  let sofar = 0
  let breaks = 0
  let brokenBy: string | null = null
  for (;;) {
    signal.throwIfAborted()
    const attempt = new AbortController()
    const stop = () => attempt.abort(signal.reason)
    signal.addEventListener('abort', stop)
    try {
      const { bytes, startsAt } = await ask(sofar, attempt.signal, brokenBy)
      let skip = sofar - startsAt
      try {
        for await (const piece of withinTime(bytes, stallMs, attempt)) {
          const more = skip > 0 ? piece.subarray(skip) : piece
          skip -= piece.length - more.length
          if (more.length === 0) continue
          sofar += more.length
          breaks = 0
          yield more
        }
        return
      } catch (error) {
        signal.throwIfAborted()
        brokenBy = attempt.signal.aborted ? `no byte came for ${stallMs / 1000} s` : reasonOf(error)
        if (++breaks === breaksInARow)
          throw new Error(`the connection breaks off again and again: ${brokenBy}`, { cause: error })
      }
    } finally {
      signal.removeEventListener('abort', stop)
    }
    await sleep(waitMs(breaks), signal)
  }
}

/** The same pieces; aborts where the next is waited for too long. What the reader takes with one does not count. */
async function* withinTime(
  pieces: AsyncIterable<Uint8Array>,
  stallMs: number,
  attempt: AbortController,
): AsyncGenerator<Uint8Array> {
  const watch = () => setTimeout(() => attempt.abort(), stallMs)
  let timer = watch()
  try {
    for await (const piece of pieces) {
      clearTimeout(timer)
      yield piece
      timer = watch()
    }
  } finally {
    clearTimeout(timer)
  }
}
