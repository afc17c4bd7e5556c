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
  const texts = new Map<string, string>()
  const waiting = [join(root, module)]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (texts.has(file) || !existsSync(file) || !statSync(file).isFile()) continue
    const text = readFileSync(file, 'utf8')
    texts.set(file, text)
    for (const [, specifier] of text.matchAll(relativeImport)) waiting.push(join(dirname(file), specifier!))
  }
  const hash = createHash('sha256')
  for (const file of [...texts.keys()].sort())
    hash.update(relative(root, file).split(sep).join('/')).update('\0').update(texts.get(file)!).update('\0')
  return hash.digest('hex')
}
