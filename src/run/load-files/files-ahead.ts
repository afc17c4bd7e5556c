import type { Readable } from 'node:stream'
import type { SourceFile } from './file-source.ts'

/*
 * A small file that lies far away takes longer to be asked for than to be read. So while one is worked on, those that
 * come next are asked for already, and their bytes wait in memory.
 */

/** How many are open at once. */
export const mostOpenFiles = 8
/** What a stream holds before somebody reads it; a longer file takes the time of its bytes anyway. */
const smallBytes = 1024 * 1024

/** Opens files in their order. */
export interface FilesAhead {
  /** The bytes of a file, whose turn it is; those of the small ones behind it begin to come as well. */
  readonly open: (file: SourceFile) => Readable
  /** Lets go of what nobody has asked for. */
  readonly close: () => void
}

/** Opens files one after the other, and small ones that are remote before it is their turn. */
export function openAhead(files: readonly SourceFile[], signal: AbortSignal): FilesAhead {
  const waiting = new Map<SourceFile, Readable>()
  const positions = new Map(files.map((file, position) => [file, position]))
  return {
    open(file) {
      const bytes = waiting.get(file) ?? file.open(signal)
      waiting.delete(file)
      const next = positions.get(file)! + 1
      for (const other of files.slice(next, next + mostOpenFiles - 1))
        if (isWorthIt(other) && !waiting.has(other)) waiting.set(other, begun(other.open(signal)))
      return bytes
    },
    close() {
      for (const bytes of waiting.values()) bytes.destroy()
      waiting.clear()
    },
  }
}

function isWorthIt({ isRemote, sizeBytes }: SourceFile): boolean {
  return isRemote === true && sizeBytes !== undefined && sizeBytes <= smallBytes
}

/** A stream that fills its buffer. Whoever reads it hears of its failure then: until then nobody does. */
function begun(bytes: Readable): Readable {
  bytes.on('error', () => {})
  bytes.read(0)
  return bytes
}
