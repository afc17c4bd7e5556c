import { Readable } from 'node:stream'
import { waitMs } from './http-request.ts'

/*
 * Reading a file over the network to its end: where the connection breaks it is read on from there.
 */

/** Bytes of a file from some place on. */
export interface Answer {
  readonly bytes: AsyncIterable<Uint8Array>
  /** How many bytes of the file come before them: as many as were asked to, or none. */
  readonly startsAt: number
}

export interface ReadingOn {
  /** Asks for what comes after so many bytes; throws where it is not the same file any more. */
  readonly ask: (sofar: number) => Promise<Answer>
  readonly signal: AbortSignal
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

async function* bytesOf({ ask, signal, sleep, reasonOf }: ReadingOn): AsyncGenerator<Uint8Array> {
  let sofar = 0
  let breaks = 0
  for (;;) {
    const { bytes, startsAt } = await ask(sofar)
    let skip = sofar - startsAt
    try {
      for await (const piece of bytes) {
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
      if (++breaks === breaksInARow)
        throw new Error(`the connection breaks off again and again: ${reasonOf(error)}`, { cause: error })
      await sleep(waitMs(breaks), signal)
    }
  }
}
