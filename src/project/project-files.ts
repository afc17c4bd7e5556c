import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { SourceText } from '../core/project.ts'

/*
 * The files of a project. They are many and small: read one after the other they cost less than waiting for each.
 */

/** Folders that never hold a project's own files, wherever they stand. */
const skipped = new Set(['node_modules', '__pycache__'])

/** Files under `folders` whose name ends in one of `extensions`, relative to the root, sorted, each once. */
export function listFiles(
  root: string,
  folders: readonly string[],
  extensions: readonly string[],
  problems: Problem[],
): string[] {
  const found = new Set<string>()
  for (const folder of folders) {
    const entries = rootEntries(root, folder, problems)
    walk(root, folder === '.' ? '' : folder, entries, extensions, new Set(), found, problems)
  }
  return [...found].sort()
}

/** A folder that is configured or usual but absent is just empty, as in dbt. */
function rootEntries(root: string, folder: string, problems: Problem[]): Dirent[] {
  const info = statSync(join(root, folder), { throwIfNoEntry: false })
  if (!info) return []
  if (info.isDirectory()) return entriesOf(root, folder, problems)
  problems.push(makeProblem('file-unreadable', `${folder} is a file, but a folder is expected there`))
  return []
}

function walk(
  root: string,
  folder: string,
  entries: readonly Dirent[],
  extensions: readonly string[],
  parents: ReadonlySet<string>,
  found: Set<string>,
  problems: Problem[],
): void {
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    const kind = entry.isSymbolicLink() ? kindBehind(join(root, path)) : entry
    if (kind?.isFile()) {
      if (extensions.some((extension) => entry.name.endsWith(extension))) found.add(path)
    } else if (kind?.isDirectory() && !entry.name.startsWith('.') && !skipped.has(entry.name)) {
      // Only a link can lead back into a folder that we are in.
      const real = entry.isSymbolicLink() ? realpathSync(join(root, path)) : join(root, path)
      if (parents.has(real)) continue
      const inside = entriesOf(root, path, problems)
      walk(root, path, inside, extensions, new Set([...parents, real]), found, problems)
    }
  }
}

function entriesOf(root: string, folder: string, problems: Problem[]): Dirent[] {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true })
  } catch (cause) {
    problems.push(unreadable(folder, cause))
    return []
  }
}

function kindBehind(path: string) {
  return statSync(path, { throwIfNoEntry: false })
}

/** Reads a text file, which has to be UTF-8; what hinders goes to `problems`. */
export function readText(root: string, path: string, problems: Problem[]): SourceText | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(root, path))
  } catch (cause) {
    problems.push(unreadable(path, cause))
    return null
  }
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    problems.push(notUtf8(path, bytes))
    return null
  }
}

function notUtf8(path: string, bytes: Buffer): Problem {
  const text = bytes.toString('utf8')
  const before = text.slice(0, text.indexOf('\ufffd'))
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  return makeProblem('file-unreadable', 'the file is not UTF-8 text', {
    place: { file: path, line, column },
    source: text,
    hint: 'save it in the encoding UTF-8',
  })
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link that leads to itself',
}

function unreadable(path: string, cause: unknown): Problem {
  const { code, message } = cause as NodeJS.ErrnoException
  return makeProblem('file-unreadable', `${path} cannot be read: ${reasons[code ?? ''] ?? message}`)
}
