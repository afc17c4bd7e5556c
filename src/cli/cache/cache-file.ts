import { hash } from 'node:crypto'
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Keep, Pieces, Span } from '../../compile/cache/cache-index.ts'

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
const lastLinePattern = /^([0-9a-f]{12}) ([0-9a-f]{40}) ([0-9a-f]{8})\n$/
const lastLineBytes = 12 + 1 + 40 + 1 + 8 + 1

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
  // Two commands at work in one folder must not write into each other's file.
  const unfinished = join(dirname(path), `.${basename(path)}.${commandId}`)
  try {
    const id = writeWhole(unfinished, fill)
    if (id === null) rmSync(unfinished, { force: true })
    else renameSync(unfinished, path)
    return id
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

function writeWhole(path: string, fill: (keep: Keep) => unknown): string | null {
  const file = openSync(path, 'w')
  try {
    const out = makeOutput(file)
    out.write(firstLine)
    const index = fill((text) => {
      const from = out.written()
      out.write(text)
      return [from, out.written()]
    })
    if (index === null) return null
    const text = JSON.stringify(index)
    const start = hexadecimal(out.written(), 12)
    out.write(text)
    const id = hash('sha1', text)
    out.write(`${start} ${id} ${hexadecimal(out.checksum(), 8)}\n`)
    out.flush()
    return id
  } finally {
    closeSync(file)
  }
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

const bufferBytes = 1 << 20

/** Collects bytes before they are written; knows how many there are and their checksum. */
function makeOutput(file: number) {
  const buffer = Buffer.allocUnsafe(bufferBytes)
  let used = 0
  let flushed = 0
  let checksum = 0
  const put = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    checksum = crc32(bytes, checksum)
    flushed += bytes.length
  }
  const flush = (): void => {
    put(buffer.subarray(0, used))
    used = 0
  }
  return {
    flush,
    written: () => flushed + used,
    checksum: () => {
      flush()
      return checksum
    },
    write: (part: string | Buffer): void => {
      // A character is at most three bytes of UTF-8.
      const most = part.length * 3
      if (used + most > bufferBytes) flush()
      if (most > bufferBytes) put(typeof part === 'string' ? Buffer.from(part) : part)
      else used += typeof part === 'string' ? buffer.write(part, used) : part.copy(buffer, used)
    },
  }
}
