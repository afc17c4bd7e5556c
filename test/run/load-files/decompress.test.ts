import { pipeline, Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { unpacker } from '../../../src/run/load-files/decompress.ts'

const text = 'id,word\n1,a\n2,b\n'
/** What `zstd` makes of the text: a frame of one raw block. */
const zstd = Buffer.concat([
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length, (text.length << 3) | 1, 0, 0]),
  Buffer.from(text),
])

/** The text of a file whose bytes come in pieces of a length. */
async function textOf(address: string, bytes: Buffer, pieceBytes: number, mayBeUnpacked: boolean) {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  )
  const source = Readable.from(pieces, { objectMode: false })
  const file = { address, version: '', open: () => source }
  const unpack = unpacker(mayBeUnpacked ? { ...file, mayBeUnpacked } : file)!
  const found: Buffer[] = []
  for await (const piece of pipeline(source, unpack, () => {})) found.push(piece as Buffer)
  return Buffer.concat(found).toString()
}

describe('unpacking', () => {
  it.each([1, 3, 1000])(
    'looks at what may have been unpacked on the way, in pieces of %d bytes',
    async (size) => {
      expect(await textOf('t.csv.gz', gzipSync(text), size, true)).toBe(text)
      expect(await textOf('t.csv.gz', Buffer.from(text), size, true)).toBe(text)
      expect(await textOf('t.csv.zst', zstd, size, true)).toBe(text)
      expect(await textOf('t.csv.zst', Buffer.from(text), size, true)).toBe(text)
    },
  )

  it('goes by the name of all other files, and refuses what breaks off', async () => {
    expect(await textOf('t.csv.gz', gzipSync(text), 1000, false)).toBe(text)
    await expect(textOf('t.csv.gz', Buffer.from(text), 1000, false)).rejects.toThrow('incorrect header check')
    await expect(textOf('t.csv.gz', gzipSync(text).subarray(0, 20), 1000, true)).rejects.toThrow(
      'unexpected end',
    )
    await expect(textOf('t.csv.gz', Buffer.alloc(0), 1000, true)).rejects.toThrow('unexpected end')
    expect(unpacker({ address: 't.csv', version: '', open: () => Readable.from([]) })).toBeNull()
  })
})
