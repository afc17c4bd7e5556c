import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Reads something again only when a file below the folders has changed: another time, another size, another name.
 * Looking costs a stat a file, so once a second is nothing.
 */
export function watchDagFiles<Reading>(
  root: string,
  folders: readonly string[],
  read: () => Reading,
): () => Reading {
  let seen = ''
  let reading: Reading | undefined
  return () => {
    const now = folders.map((folder) => stateOf(join(root, folder))).join('\n')
    if (reading === undefined || now !== seen) {
      reading = read()
      seen = now
    }
    return reading
  }
}

function stateOf(folder: string): string {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        const { mtimeMs, size, ino } = statSync(path)
        return `${path} ${mtimeMs} ${size} ${ino}`
      })
      .sort()
      .join('\n')
  } catch {
    return ''
  }
}
