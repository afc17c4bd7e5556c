import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Keep, Span } from '../../compile/cache/cache-index.ts'
import { numbersById } from '../../compile/cache/cached-nodes.ts'
import { keptText } from '../../compile/cache/kept-text.ts'
import type { RenderScope } from '../../compile/renderer.ts'
import type { NodeId } from '../../core/node.ts'
import { isSettled, stampOf } from '../../project/inventory.ts'
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
  /** The stamps of the files that hold it, in the same order; null where that cannot be told from a stamp. */
  readonly stamps: readonly (string | null)[]
}

export interface KeptTexts {
  /** What the SQL depends on besides what has become of the nodes. */
  readonly of: string
  /** The SQL of a node that is as it was. */
  readonly textOf: (id: NodeId) => string | undefined
  /** Whether a file is as it was left when it held the SQL of a node that is as it was. */
  readonly holds: (id: NodeId, path: string) => boolean
  /** Keeps more of it: what has been found to be steady, with the files that hold it. */
  readonly add: (texts: ReadonlyMap<NodeId, string>, files: ReadonlyMap<NodeId, string>) => void
}

type Source = Pick<Workspace, 'manifest' | 'keptId' | 'reopened' | 'targetPath'>

/** Reads what is kept of a project's SQL, and takes what is to be kept. `scope` is that of all renderings. */
export function openKeptTexts(
  { log, newId, clock }: Pick<CommandContext, 'log' | 'newId' | 'clock'>,
  { manifest, keptId, reopened, targetPath }: Source,
  { flags = {}, fullRefresh }: Pick<RenderScope, 'flags' | 'fullRefresh'>,
): KeptTexts {
  const of = hash('sha1', keptText([keptId, flags, fullRefresh]))
  const path = join(targetPath, 'partial_compile.bin')
  const file = reopened && readCacheFile(path)
  if (file === 'broken') log.write('debug', `${path} is not what was written, and is made anew`)
  const fitting =
    file !== null && file !== 'broken' && (file.index as Kept).of === of
      ? { ...(file.index as Kept), pieces: file.pieces }
      : null
  const ids = reopened?.kept.index.ids ?? Object.keys(manifest.nodes)
  const numbers = numbersById({ ids })
  // What belongs to a node that is another now does not belong to the kept compilation.
  const isOther = (id: NodeId): boolean => reopened?.updated.affected.has(id) ?? false
  const numberOf = (id: NodeId): number | undefined => (isOther(id) ? undefined : numbers.get(id))
  return {
    of,
    textOf(id) {
      const span = fitting?.texts[numberOf(id) ?? -1]
      return span ? fitting!.pieces.read(span) : undefined
    },
    holds(id, file) {
      const number = numberOf(id) ?? -1
      const stamp = fitting?.stamps[number]
      return Boolean(stamp && fitting!.texts[number] && stampOf(file) === stamp)
    },
    add(texts, files) {
      const known = [...texts].filter(([id]) => numberOf(id) !== undefined)
      if (keptId === null || known.length === 0) return
      const more = new Map(known.map(([id, text]) => [numberOf(id)!, text]))
      const now = clock()
      const stampNow = (number: number): string | null => {
        const file = files.get(ids[number]!)
        const stamp = file === undefined ? null : stampOf(file)
        return stamp !== null && isSettled(stamp, now) ? stamp : null
      }
      const fill = (keep: Keep): Kept => {
        const spans = ids.map((_, number): Span | null => {
          const before = fitting?.texts[number]
          const text = more.get(number) ?? (before ? fitting!.pieces.read(before) : undefined)
          return text === undefined ? null : keep(text)
        })
        const stamps = spans.map((span, number) =>
          span && numberOf(ids[number]!) !== undefined ? stampNow(number) : null,
        )
        return { of, texts: spans, stamps }
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
