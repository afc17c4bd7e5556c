// Clears from the built folder what no source stands behind any more. A migration that was renamed, say, would be
// found there under its old name too, and be run twice.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Beside what is made of sources: what the compiler remembers, and the bundle, which clears away its own. */
const kept = new Set(['.tsbuildinfo', 'bundle'])

/** Removes the files of `dist` that a build of `src` does not write, and folders that are left empty. */
export function clearRemoved(src, dist) {
  if (!existsSync(dist)) return
  for (const entry of readdirSync(dist, { withFileTypes: true }))
    if (!kept.has(entry.name)) clear(src, dist, entry)
}

function clear(src, dist, entry) {
  const path = join(dist, entry.name)
  if (!entry.isDirectory()) {
    if (!sourcesOf(entry.name).some((name) => existsSync(join(src, name)))) rmSync(path)
    return
  }
  const below = join(src, entry.name)
  for (const child of readdirSync(path, { withFileTypes: true })) clear(below, path, child)
  if (!existsSync(below)) rmSync(path, { recursive: true })
}

/** Of which file of the same folder a built one may have been made: compiled from TypeScript, or copied. */
function sourcesOf(name) {
  const compiled = /^(.*)(\.d\.ts|\.js|\.js\.map)$/.exec(name)
  return compiled ? [`${compiled[1]}.ts`, ...(name.endsWith('.d.ts') ? [] : [name])] : [name]
}
