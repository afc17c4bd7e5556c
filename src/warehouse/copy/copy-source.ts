import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Bytes that come out of a COPY. */
export interface CopyRows extends Readable {
  /** How many rows the server has sent; it says so at the end. */
  readonly rowCount: number
}

/** The bytes of a COPY … TO STDOUT. */
export interface CopySource {
  readonly readable: CopyRows
  /** Settles when the COPY is over, in whatever way; true when it came to its end. */
  readonly settled: Promise<boolean>
}

/** Wraps a COPY stream, translating what it throws. */
export function makeCopySource(
  stream: Readable & { readonly rowCount: number },
  translate: (error: unknown) => Error,
): CopySource {
  const bytes = new PassThrough({
    // Errors reach the reader in our words: whatever destroys the stream goes through here.
    destroy: (error, done) => done(error && translate(error)),
  })
  const readable = Object.defineProperty(bytes, 'rowCount', {
    get: () => stream.rowCount,
  }) as unknown as CopyRows
  // Somebody who never reads has not to hear of errors either.
  readable.on('error', () => {})
  const settled = pipeline(stream, bytes).then(
    () => true,
    () => false,
  )
  return { readable, settled }
}
