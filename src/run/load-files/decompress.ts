import { createRequire } from 'node:module'
import { Duplex, pipeline, Readable, Transform } from 'node:stream'
import zlib from 'node:zlib'
import { type Compression, compressionOfName } from './file-names.ts'
import type { SourceFile } from './file-source.ts'

/** In larger pieces than streams take by themselves: each costs a turn of the event loop. */
const pieceBytes = 256 * 1024

/** What is used of the library; it is read only where there is something to unpack. */
interface Fzstd {
  readonly Decompress: new (
    onData: (data: Uint8Array, isLast?: boolean) => void,
  ) => { push(chunk: Uint8Array, isLast?: boolean): void }
}

/** A stream that unpacks a file, as far as its name says that it is packed; null where it says no such thing. */
export function unpacker({ address, mayBeUnpacked }: SourceFile): Duplex | null {
  const compression = compressionOfName(address)
  if (compression === null) return null
  if (!mayBeUnpacked) return decompressor(compression)
  return Duplex.from((bytes: AsyncIterable<Buffer>) => unpackedWherePacked(bytes, compression))
}

/** What packed bytes begin with, in hexadecimal digits; those of zstd also with frames to be passed over. */
const beginnings: Readonly<Record<Compression, RegExp>> = { gzip: /^1f8b/, zstd: /^(28b52ffd|5.2a4d18)/ }

/** A web server may have them unpacked, or have fetch do it: their beginning tells. */
async function* unpackedWherePacked(
  bytes: AsyncIterable<Buffer>,
  compression: Compression,
): AsyncGenerator<Buffer> {
  const pieces = bytes[Symbol.asyncIterator]()
  let beginning = Buffer.alloc(0)
  while (beginning.length < 4) {
    const { done, value } = await pieces.next()
    if (done) break
    beginning = Buffer.concat([beginning, value])
  }
  const whole = (async function* () {
    if (beginning.length > 0) yield beginning
    yield* { [Symbol.asyncIterator]: () => pieces }
  })()
  // No file of these formats is empty: nothing at all is one that broke off.
  const isPacked = beginning.length === 0 || beginnings[compression].test(beginning.toString('hex', 0, 4))
  if (!isPacked) return yield* whole
  yield* pipeline(Readable.from(whole, { objectMode: false }), decompressor(compression), () => {})
}

function decompressor(compression: Compression): Transform {
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
