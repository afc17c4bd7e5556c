import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

/** A relative import, re-export or dynamic import. A match inside a comment only adds a file to the hash. */
const relativeImport = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/**
 * Hashes a module and every file of the project that it imports, directly or not, so that a change of what a
 * generator does shows without running it. An absent module counts as empty.
 */
export function moduleChecksum(root: string, module: string): string {
  const hash = createHash('sha256')
  for (const [path, text] of moduleTexts(root, module))
    if (text !== null) hash.update(path).update('\0').update(text).update('\0')
  return hash.digest('hex')
}

/** The files that a module's checksum looks at, and those that it would look at if they were there. */
export function moduleFiles(root: string, module: string): string[] {
  return [...moduleTexts(root, module).keys()]
}

/** The texts of a module and of what it imports, by their paths in order; null for a file that is not there. */
function moduleTexts(root: string, module: string): ReadonlyMap<string, string | null> {
  const texts = new Map<string, string | null>()
  const waiting = [join(root, module)]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const path = relative(root, file).split(sep).join('/')
    if (texts.has(path)) continue
    const text = existsSync(file) && statSync(file).isFile() ? readFileSync(file, 'utf8') : null
    texts.set(path, text)
    for (const [, specifier] of (text ?? '').matchAll(relativeImport))
      waiting.push(join(dirname(file), specifier!))
  }
  return new Map([...texts].sort(([a], [b]) => (join(root, a) < join(root, b) ? -1 : 1)))
}
