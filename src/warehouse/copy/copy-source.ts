import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** The bytes of a COPY … TO STDOUT. */
export interface CopySource {
  readonly readable: Readable
  /** Settles when the COPY is over, in whatever way; true when it came to its end. */
  readonly settled: Promise<boolean>
}

/** Wraps a COPY stream, translating what it throws. */
export function makeCopySource(stream: Readable, translate: (error: unknown) => Error): CopySource {
  const readable = new PassThrough({
    // Errors reach the reader in our words: whatever destroys the stream goes through here.
    destroy: (error, done) => done(error && translate(error)),
  })
  // Somebody who never reads has not to hear of errors either.
  readable.on('error', () => {})
  const settled = pipeline(stream, readable).then(
    () => true,
    () => false,
  )
  return { readable, settled }
}
