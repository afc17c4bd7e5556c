import { createReadStream, type Dirent, existsSync, readdirSync, type Stats, statSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'
import { formatOfName } from './file-names.ts'
import type { FileSource, SourceFile } from './file-source.ts'
import { alternatives, isHidden, isPattern, namePattern } from './glob-pattern.ts'

/*
 * Files of this machine: one, those that a glob matches, or those in a folder and its folders.
 */

/** Says why there is nothing to load, with what may help. */
export type Refuse = (message: string, hint: string) => Error

const readBytes = 1024 * 1024

/** The files that `from` names, relative to a root unless it is absolute. */
export function localFiles(from: string, root: string, refuse: Refuse): FileSource {
  return {
    isLasting: true,
    list: async () => {
      const paths = pathsOf(from, root, refuse)
      return paths.map((path) => fileAt(path, root)).sort((a, b) => (a.address < b.address ? -1 : 1))
    },
  }
}

function pathsOf(from: string, root: string, refuse: Refuse): string[] {
  const path = isAbsolute(from) ? from : join(root, from)
  const found = statOf(path)
  if (found?.isFile()) return [path]
  if (found?.isDirectory()) return filesBelow(path).filter((file) => formatOfName(file) !== null)
  if (!isPattern(from))
    throw refuse(`there is no file ${from}`, 'the path is relative to the project unless it is absolute')
  return globbed(path)
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function fileAt(path: string, root: string): SourceFile {
  const { size, mtimeMs } = statSync(path)
  const inside = relative(root, path)
  const shown = inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? path : inside
  return {
    address: shown.split(sep).join('/'),
    sizeBytes: size,
    version: String(mtimeMs),
    open: (signal) => createReadStream(path, { highWaterMark: readBytes, signal }),
  }
}

/** Every file in a folder and its folders; what begins with a dot or an underscore is somebody's own. */
function filesBelow(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (isHidden(entry.name)) return []
    if (isFolder(entry, path)) return filesBelow(path)
    return [path]
  })
}

/** The files that a pattern matches: `*` and `?` within a name, `**` over folders, `{a,b}` one of several. */
function globbed(pattern: string): string[] {
  const paths = new Set(alternatives(pattern).flatMap((one) => matching(one.split(sep))))
  return [...paths]
}

function matching(segments: readonly string[]): string[] {
  const fixed = segments.findIndex((segment) => /[*?]/.test(segment))
  if (fixed < 0) {
    const path = segments.join(sep)
    return statOf(path)?.isFile() ? [path] : []
  }
  const folder = segments.slice(0, fixed).join(sep) || sep
  const [pattern, ...rest] = segments.slice(fixed)
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return []
  if (pattern === '**') {
    const below = entriesOf(folder).filter(
      (entry) => !isHidden(entry.name) && isFolder(entry, join(folder, entry.name)),
    )
    return [
      ...matching([folder, ...rest]),
      ...below.flatMap(({ name }) => matching([join(folder, name), '**', ...rest])),
    ]
  }
  const name = namePattern(pattern!)
  return entriesOf(folder)
    .filter((entry) => name.test(entry.name) && (!isHidden(entry.name) || !/^[*?]/.test(pattern!)))
    .flatMap((entry) => matching([join(folder, entry.name), ...rest]))
}

function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
}

function isFolder(entry: Dirent, path: string): boolean {
  return entry.isDirectory() || (entry.isSymbolicLink() && statOf(path)?.isDirectory() === true)
}
