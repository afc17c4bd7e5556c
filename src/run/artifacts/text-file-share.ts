import { readFileSync, statSync, writeFileSync } from 'node:fs'

/*
 * Writing many small files on several threads: each takes the next few that nobody has taken, until none are left.
 */

export interface TextFile {
  readonly path: string
  readonly text: string
}

/** What the threads have in common. */
export interface TextFileShares {
  readonly files: readonly TextFile[]
  /** How many files have been taken: one 32-bit number. */
  readonly taken: SharedArrayBuffer
}

/** Why a file could not be written; plain, since an error loses its code between threads. */
export interface TextFileFailure {
  /** Which file it was. */
  readonly index: number
  readonly message: string
  readonly details: Pick<NodeJS.ErrnoException, 'code' | 'errno' | 'path' | 'syscall'>
}

/** Taken at a time: few enough that threads end together. */
const batch = 32

/** Writes files until none are left, or until one cannot be written: then the other threads stop as well. */
export function writeShare({ files, taken }: TextFileShares): TextFileFailure | null {
  const counter = new Int32Array(taken)
  const take = (): number => Atomics.add(counter, 0, batch)
  for (let from = take(); from < files.length; from = take()) {
    const to = Math.min(from + batch, files.length)
    for (let index = from; index < to; index++) {
      try {
        if (!holds(files[index]!)) writeFileSync(files[index]!.path, files[index]!.text)
      } catch (error) {
        Atomics.store(counter, 0, files.length)
        return failureAt(index, error as NodeJS.ErrnoException)
      }
    }
  }
  return null
}

function failureAt(index: number, { message, code, errno, path, syscall }: NodeJS.ErrnoException) {
  return { index, message, details: { code, errno, path, syscall } as TextFileFailure['details'] }
}

/** Whether a file holds its text already, as most do after a small change: reading is quicker than writing. */
function holds({ path, text }: TextFile): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  return size === Buffer.byteLength(text) && readFileSync(path, 'utf8') === text
}
