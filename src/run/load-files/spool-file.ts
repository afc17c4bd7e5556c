import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Bytes that have been put on the disk, to be read in any order. */
export interface SpoolFile {
  readonly byteLength: number
  readonly slice: (start: number, end?: number) => Promise<ArrayBuffer>
  /** Takes them away. */
  readonly close: () => Promise<void>
}

/** Puts all bytes of a stream into a temporary file. */
export async function spoolFile(bytes: AsyncIterable<Buffer>): Promise<SpoolFile> {
  const folder = await mkdtemp(join(tmpdir(), 'estimand-spool-'))
  const file = await open(join(folder, 'bytes'), 'wx+')
  const close = async () => {
    await file.close()
    await rm(folder, { recursive: true, force: true })
  }
  let byteLength = 0
  try {
    for await (const piece of bytes) {
      await file.appendFile(piece)
      byteLength += piece.length
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    byteLength,
    close,
    async slice(start, end = byteLength) {
      const buffer = new ArrayBuffer(Math.max(0, end - start))
      const into = new Uint8Array(buffer)
      for (let at = 0; at < into.length; ) {
        const { bytesRead } = await file.read(into, at, into.length - at, start + at)
        if (bytesRead === 0) throw new Error('unexpected end of file')
        at += bytesRead
      }
      return buffer
    },
  }
}
