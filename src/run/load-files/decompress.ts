import { createRequire } from 'node:module'
import { Transform } from 'node:stream'
import zlib from 'node:zlib'
import type { Compression } from './file-names.ts'

/** In larger pieces than streams take by themselves: each costs a turn of the event loop. */
const pieceBytes = 256 * 1024

/** What is used of the library; it is read only where there is something to unpack. */
interface Fzstd {
  readonly Decompress: new (
    onData: (data: Uint8Array, isLast?: boolean) => void,
  ) => { push(chunk: Uint8Array, isLast?: boolean): void }
}

/** A stream that unpacks what flows through it. */
export function decompressor(compression: Compression): Transform {
  switch (compression) {
    case 'gzip':
      return zlib.createGunzip({ chunkSize: pieceBytes })
    case 'zstd':
      return zstd()
  }
}

/** Node has it from 22.15 on, in threads of its own. */
function zstd(): Transform {
  const { createZstdDecompress } = zlib as unknown as {
    createZstdDecompress?: (options: { chunkSize: number }) => Transform
  }
  return createZstdDecompress?.({ chunkSize: pieceBytes }) ?? zstdInScript()
}

function zstdInScript(): Transform {
  const { Decompress } = createRequire(import.meta.url)('fzstd') as Fzstd
  let hasEnded = false
  let seen = false
  const stream = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen ||= chunk.length > 0
      attempt(done, () => unpack.push(chunk))
    },
    flush(done) {
      attempt(done, () => {
        if (!seen) throw new Error('unexpected end of file')
        unpack.push(new Uint8Array(), true)
        if (!hasEnded) throw new Error('unexpected end of file')
      })
    },
  })
  const unpack = new Decompress((data, isLast) => {
    hasEnded ||= isLast === true
    if (data.length > 0) stream.push(Buffer.from(data))
  })
  return stream
}

function attempt(done: (error?: Error) => void, work: () => void): void {
  let failure: Error | undefined
  try {
    work()
  } catch (error) {
    failure = error as Error
  }
  done(failure)
}
