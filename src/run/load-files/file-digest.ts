import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import type { SourceFile } from './file-source.ts'

/** What was read of a file: how much, and a checksum that is another where its bytes are others. */
export interface FileDigest {
  readonly sizeBytes: number
  readonly checksum: string
}

/** A stream that lets bytes through and takes note of them. */
export function digesting(onBytes: (sizeBytes: number) => void): {
  readonly through: Transform
  readonly digest: () => FileDigest
} {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      sizeBytes += chunk.length
      onBytes(chunk.length)
      done(null, chunk)
    },
  })
  return { through, digest: () => ({ sizeBytes, checksum: hash.digest('hex') }) }
}

/** Reads a file to its end, for its checksum. */
export async function digestOf(file: SourceFile, signal: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of file.open(signal) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { sizeBytes, checksum: hash.digest('hex') }
}
