import type { FilesSpec } from '../../core/load-spec.ts'
import type { LoadedFile } from '../../core/loaded-file.ts'
import type { SourceFile } from './file-source.ts'

/*
 * Which of the files that there are have yet to be loaded.
 */

export interface FileChoice {
  /** To be loaded now, in the order of their addresses. */
  readonly load: readonly SourceFile[]
  /** Of these or of none: those that were loaded and have changed since. */
  readonly changed: readonly SourceFile[]
  /** How many are loaded and as they were. */
  readonly unchanged: number
  /** Addresses that were loaded and are not there any more. */
  readonly gone: readonly string[]
}

/** Compares files with what a table holds; `checksumOf` reads one that may have changed or not. */
export async function chooseFiles(
  files: readonly SourceFile[],
  held: readonly LoadedFile[],
  onChangedFile: FilesSpec['onChangedFile'],
  checksumOf: (file: SourceFile) => Promise<string>,
): Promise<FileChoice> {
  const known = new Map(held.map((file) => [file.file, file]))
  const load: SourceFile[] = []
  const changed: SourceFile[] = []
  let unchanged = 0
  for (const file of files) {
    const before = known.get(file.address)
    const isSame = before !== undefined && (await isAsItWas(file, before, checksumOf))
    if (isSame) unchanged++
    else if (before) changed.push(file)
    if (!before || (!isSame && onChangedFile === 'load')) load.push(file)
  }
  const there = new Set(files.map(({ address }) => address))
  return { load, changed, unchanged, gone: held.map(({ file }) => file).filter((file) => !there.has(file)) }
}

/** A file that somebody has touched or copied may be the same still. */
async function isAsItWas(
  file: SourceFile,
  before: LoadedFile,
  checksumOf: (file: SourceFile) => Promise<string>,
): Promise<boolean> {
  if (file.sizeBytes !== undefined && file.sizeBytes !== before.sizeBytes) return false
  return file.version === before.version || (await checksumOf(file)) === before.checksum
}
