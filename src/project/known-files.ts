import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Project, SourceText } from '../core/project.ts'
import { type Inventory, isSettled } from './inventory.ts'

/*
 * The files of a project as they were when it was read, and what has become of them since.
 */

/** A file by its path: its stamp, where that can be trusted, and the hash of its text, where that is known. */
export type KnownFile = readonly [path: string, stamp: string | null, hash: string | null]

export interface FileChanges {
  /** Files whose text is another. */
  readonly changed: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** How many files had to be read to see that they have not changed. */
  readonly reread: number
}

/** Stands for the stamp of a file that may have been written while it was read: only its text tells. */
const unsettled = ''

/**
 * The files of a project that was read from `since` on, with the inventory taken after that; null when the two do
 * not fit, so that a file must have come or gone in between.
 */
export function recordFiles(
  project: Project,
  inventory: Inventory,
  since: Date,
): readonly KnownFile[] | null {
  const texts = textsOf(project)
  const isThere = (path: string): boolean => typeof inventory.get(path) === 'string'
  if (![...texts.keys()].every(isThere) || !project.seeds.every(({ path }) => isThere(path))) return null
  return [...inventory].map(([path, stamp]): KnownFile => {
    if (stamp === null) return [path, null, null]
    const text = texts.get(path)
    if (isSettled(stamp, since))
      return [path, stamp, text === undefined ? hashFile(project.root, path) : hashText(text)]
    // What it is now need not be what was read.
    return [path, unsettled, text === undefined ? null : hashText(text)]
  })
}

/** Compares with what is there now; a file whose stamp is another is read to see whether its text is too. */
export function changesSince(root: string, known: readonly KnownFile[], inventory: Inventory): FileChanges {
  const changed: string[] = []
  const added: string[] = []
  const removed: string[] = []
  let reread = 0
  const before = new Set<string>()
  for (const [path, stamp, hashBefore] of known) {
    before.add(path)
    const now = inventory.get(path) ?? null
    if (now === stamp) continue
    if (now === null) removed.push(path)
    else if (stamp === null) added.push(path)
    else if (hashBefore === null || hashFile(root, path) !== hashBefore) changed.push(path)
    else reread++
  }
  for (const [path, stamp] of inventory) if (stamp !== null && !before.has(path)) added.push(path)
  return { changed, added, removed, reread }
}

function textsOf(project: Project): ReadonlyMap<string, string> {
  const { models, macros, tests, snapshots, analyses, functions, docs, fixtures, yamlFiles } = project
  const files: readonly SourceText[] = [
    models,
    macros,
    tests,
    snapshots,
    analyses,
    functions,
    docs,
    fixtures,
    yamlFiles,
  ].flat()
  return new Map(files.map(({ path, text }) => [path, text]))
}

/** Larger files than this are told apart by their stamps alone. */
const hashedUpTo = 1 << 20
const byteOrderMark = Buffer.from('\ufeff')

/** The hash of a file's text; null where there is none to be had. */
function hashFile(root: string, path: string): string | null {
  try {
    const absolute = join(root, path)
    if (statSync(absolute).size > hashedUpTo) return null
    const bytes = readFileSync(absolute)
    // A text that is read has no byte order mark.
    const isMarked = bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark)
    return hashText(isMarked ? bytes.subarray(byteOrderMark.length) : bytes)
  } catch {
    return null
  }
}

function hashText(text: string | Buffer): string {
  return hash('sha1', text, 'base64')
}
