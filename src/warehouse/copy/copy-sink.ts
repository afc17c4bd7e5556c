import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** What a COPY … FROM STDIN came to. */
export interface CopyResult {
  readonly rows: number
  /** The rows that were left out since a value is none of its type, as lines of what was sent, counted from 1. */
  readonly skippedLines: readonly number[]
}

/** Where the bytes of a COPY … FROM STDIN go. */
export interface CopySink {
  /** The stream itself, for `pipeline`; ending it is not enough, `finish` waits for the server. */
  readonly writable: Writable
  /** Hands over bytes, which must not be changed afterwards; resolves when more may come. */
  write(chunk: Uint8Array): Promise<void>
  /** Ends the COPY; resolves when the server has taken all rows. */
  finish(): Promise<CopyResult>
  /** Ends the COPY so that none of its rows stays; never rejects. */
  abort(reason: Error): Promise<void>
  /** Settles when the COPY is over, in whatever way. */
  readonly settled: Promise<void>
}

/** Wraps a COPY stream, translating what it throws. */
export function makeCopySink(
  stream: Writable & { readonly rowCount: number },
  translate: (error: unknown) => Error,
  skippedLines: readonly number[] = [],
): CopySink {
  let failed: Error | undefined
  const settled = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve)
    stream.once('error', (error) => {
      failed = translate(error)
      reject(failed)
    })
  })
  settled.catch(() => {})
  stream.on('error', () => {})

  return {
    writable: stream,
    settled,
    async write(chunk) {
      if (failed) throw failed
      if (stream.write(chunk)) return
      await Promise.race([once(stream, 'drain'), settled])
      if (failed) throw failed
    },
    async finish() {
      if (failed) throw failed
      stream.end()
      await settled
      return { rows: stream.rowCount, skippedLines }
    },
    async abort(reason) {
      if (failed || stream.writableFinished) return
      stream.destroy(reason)
      await settled.catch(() => {})
    },
  }
}
