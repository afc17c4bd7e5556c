import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/*
 * Writing a file of tens of megabytes: part by part, so that it never stands in memory as one string, and under
 * another name until it is whole, so that nobody reads half of it.
 */

/** Takes the parts of a file. */
export interface Output {
  write(part: string | Buffer): void
  /** Bytes that have been taken. */
  written(): number
  /** Writes what has been collected. */
  flush(): void
}

/**
 * Writes what `fill` gives to `path`, which has the old content until it has all of the new; where `fill` returns
 * null it keeps the old one. `onBytes` is told of everything that is written.
 */
export function writeWholeFile<T>(
  path: string,
  commandId: string,
  fill: (out: Output) => T,
  onBytes: (bytes: Uint8Array) => void = () => {},
): T {
  const { result, publish, discard } = fillWholeFile(path, commandId, fill, onBytes)
  if (result === null) discard()
  else publish()
  return result
}

/** A file that has its content and not yet its name. */
export interface NamelessFile<T> {
  readonly result: T
  /** Puts it in the place of the old one. */
  readonly publish: () => void
  readonly discard: () => void
}

/** As writeWholeFile, for who decides later when the file gets its name. */
export function fillWholeFile<T>(
  path: string,
  commandId: string,
  fill: (out: Output) => T,
  onBytes: (bytes: Uint8Array) => void = () => {},
): NamelessFile<T> {
  // Two commands at work in one folder must not write into each other's file.
  const unfinished = join(dirname(path), `.${basename(path)}.${commandId}`)
  const discard = (): void => rmSync(unfinished, { force: true })
  const orDiscard = <R>(work: () => R): R => {
    try {
      return work()
    } catch (error) {
      discard()
      throw error
    }
  }
  const result = orDiscard(() => fillFile(unfinished, fill, onBytes))
  return { result, publish: () => orDiscard(() => renameSync(unfinished, path)), discard }
}

function fillFile<T>(path: string, fill: (out: Output) => T, onBytes: (bytes: Uint8Array) => void): T {
  const file = openSync(path, 'w')
  try {
    const out = makeOutput(file, onBytes)
    const result = fill(out)
    out.flush()
    return result
  } finally {
    closeSync(file)
  }
}

/** Bytes that are collected before they are written. */
const bufferBytes = 1 << 20

/** Joined as bytes: strings joined with `+` keep all of their pieces alive until the whole is written. */
function makeOutput(file: number, onBytes: (bytes: Uint8Array) => void): Output {
  const buffer = Buffer.allocUnsafe(bufferBytes)
  let used = 0
  let flushed = 0
  const put = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    flushed += bytes.length
    onBytes(bytes)
  }
  const flush = (): void => {
    put(buffer.subarray(0, used))
    used = 0
  }
  return {
    flush,
    written: () => flushed + used,
    write(part) {
      // A character is at most three bytes of UTF-8.
      const most = typeof part === 'string' ? part.length * 3 : part.length
      if (used + most > bufferBytes) flush()
      if (most > bufferBytes) put(typeof part === 'string' ? Buffer.from(part) : part)
      else used += typeof part === 'string' ? buffer.write(part, used) : part.copy(buffer, used)
    },
  }
}
