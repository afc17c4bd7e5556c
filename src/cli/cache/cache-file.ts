import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Keep, Pieces, Span } from '../../compile/cache/cache-index.ts'
import { type Output, writeWholeFile } from '../../run/artifacts/whole-file.ts'

/*
 * A file that commands keep for each other: a first line, texts one behind the other, an index in JSON that says where
 * they lie, and a last line with the place and the hash of the index and a checksum of everything before it. It is
 * written under another name until it is whole.
 */

export interface CacheFile {
  readonly index: unknown
  /** The same for the same content. */
  readonly id: string
  readonly pieces: Pieces
  /** The texts as they lie in the file. */
  readonly bytes: Buffer
}

/** Changes whenever what is kept, or how, is no longer what it was. */
const firstLine = Buffer.from('estimand cache 1\n')
const placeDigits = 12
const checksumDigits = 8
const lastLinePattern = /^([0-9a-f]{12}) ([0-9a-f]{40}) ([0-9a-f]{8})\n$/
const lastLineBytes = placeDigits + 1 + 40 + 1 + checksumDigits + 1

/** Reads a file; null when there is none, 'broken' when it is not as it was written. */
export function readCacheFile(path: string): CacheFile | 'broken' | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : 'broken'
  }
  const end = bytes.length - lastLineBytes
  const [, start, id, checksum] = lastLinePattern.exec(bytes.toString('latin1', Math.max(0, end))) ?? []
  if (start === undefined || !bytes.subarray(0, firstLine.length).equals(firstLine)) return 'broken'
  if (hexadecimal(crc32(bytes.subarray(0, end)), 8) !== checksum) return 'broken'
  const index: unknown = JSON.parse(bytes.toString('utf8', Number.parseInt(start, 16), end))
  const pieces = { read: ([from, to]: Span) => bytes.toString('utf8', from, to) }
  return { index, id: id!, pieces, bytes }
}

/**
 * Writes a file: `fill` keeps texts and gives the index; where it gives null nothing is written. Gives the id of what
 * has been written.
 */
export function writeCacheFile(
  path: string,
  commandId: string,
  fill: (keep: Keep) => unknown,
): string | null {
  let checksum = 0
  const write = (out: Output): string | null => {
    out.write(firstLine)
    const index = fill((text) => {
      const from = out.written()
      out.write(text)
      return [from, out.written()]
    })
    if (index === null) return null
    const text = JSON.stringify(index)
    const start = hexadecimal(out.written(), placeDigits)
    out.write(text)
    out.flush()
    const id = hash('sha1', text)
    out.write(`${start} ${id} ${hexadecimal(checksum, checksumDigits)}\n`)
    return id
  }
  return writeWholeFile(path, commandId, write, (bytes) => {
    checksum = crc32(bytes, checksum)
  })
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
