import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Keep, Span } from '../../compile/cache/cache-index.ts'
import { numbersById } from '../../compile/cache/cached-nodes.ts'
import { keptText } from '../../compile/cache/kept-text.ts'
import type { RenderScope } from '../../compile/renderer.ts'
import type { NodeId } from '../../core/node.ts'
import type { CommandContext } from '../command-context.ts'
import type { Workspace } from '../workspace.ts'
import { readCacheFile, writeCacheFile } from './cache-file.ts'

/*
 * The SQL that compiling nodes gave, of those whose templates look at nothing but the project, as commands keep it for
 * each other beside the compiled project.
 */

interface Kept {
  /** The kept compilation that it belongs to, and the flags that templates saw. */
  readonly of: string
  /** The SQL of nodes by their numbers there; null where it is not kept. */
  readonly texts: readonly (Span | null)[]
}

export interface KeptTexts {
  /** What the SQL depends on besides what has become of the nodes. */
  readonly of: string
  /** The SQL of a node that is as it was. */
  readonly textOf: (id: NodeId) => string | undefined
  /** Keeps more of it: what has been found to be steady. */
  readonly add: (texts: ReadonlyMap<NodeId, string>) => void
}

type Source = Pick<Workspace, 'manifest' | 'keptId' | 'reopened' | 'targetPath'>

/** Reads what is kept of a project's SQL, and takes what is to be kept. `scope` is that of all renderings. */
export function openKeptTexts(
  { log, newId }: Pick<CommandContext, 'log' | 'newId'>,
  { manifest, keptId, reopened, targetPath }: Source,
  { flags = {}, fullRefresh }: Pick<RenderScope, 'flags' | 'fullRefresh'>,
): KeptTexts {
  const of = hash('sha1', keptText([keptId, flags, fullRefresh]))
  const path = join(targetPath, 'partial_compile.bin')
  const file = reopened && readCacheFile(path)
  if (file === 'broken') log.write('debug', `${path} is not what was written, and is made anew`)
  const fitting =
    file !== null && file !== 'broken' && (file.index as Kept).of === of
      ? { spans: (file.index as Kept).texts, pieces: file.pieces }
      : null
  const ids = reopened?.kept.index.ids ?? Object.keys(manifest.nodes)
  const numbers = numbersById({ ids })
  // What belongs to a node that is another now does not belong to the kept compilation.
  const isOther = (id: NodeId): boolean => reopened?.updated.affected.has(id) ?? false
  const numberOf = (id: NodeId): number | undefined => (isOther(id) ? undefined : numbers.get(id))
  return {
    of,
    textOf(id) {
      const span = fitting?.spans[numberOf(id) ?? -1]
      return span ? fitting!.pieces.read(span) : undefined
    },
    add(texts) {
      const known = [...texts].filter(([id]) => numberOf(id) !== undefined)
      if (keptId === null || known.length === 0) return
      const more = new Map(known.map(([id, text]) => [numberOf(id)!, text]))
      const fill = (keep: Keep): Kept => {
        const spans = ids.map((_, number): Span | null => {
          const before = fitting?.spans[number]
          const text = more.get(number) ?? (before ? fitting!.pieces.read(before) : undefined)
          return text === undefined ? null : keep(text)
        })
        return { of, texts: spans }
      }
      try {
        writeCacheFile(path, newId(), fill)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === undefined) throw error
        log.write('debug', `compiled SQL could not be kept: ${code}`)
      }
    },
  }
}
