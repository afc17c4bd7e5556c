import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those around it, unless it is there. Node's own `recursive` never ends where a folder is there and
 * says of everything in it that it is not, as `/proc` does: it makes the folder around it, finds it, and tries again.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if (isFolder(path)) return
    const around = dirname(path)
    const mayHelp = (error as NodeJS.ErrnoException).code === 'ENOENT' && !isFolder(around)
    if (!mayHelp || around === path) throw error
    makeFolder(around)
    makeFolder(path)
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
