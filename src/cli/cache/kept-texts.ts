import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Keep } from '../../compile/cache/cache-index.ts'
import { numbersById } from '../../compile/cache/cached-nodes.ts'
import { keptText } from '../../compile/cache/kept-text.ts'
import type { RenderScope } from '../../compile/renderer.ts'
import type { NodeId } from '../../core/node.ts'
import { isSettled, stampOf } from '../../project/inventory.ts'
import type { LastingParts } from '../../run/artifacts/lasting-results.ts'
import type { CommandContext } from '../command-context.ts'
import type { Workspace } from '../workspace.ts'
import { readCacheFile, writeCacheFile } from './cache-file.ts'

/*
 * The SQL that compiling nodes gave, of those whose templates look at nothing but the project, as commands keep it for
 * each other beside the compiled project; and what compiling all nodes came to, in which nothing changes but what has
 * become of single nodes.
 */

interface Kept {
  /** The kept compilation that it belongs to, and the flags that templates saw. */
  readonly of: string
  /**
   * Four places for each node by its number there: where its entry of run_results.json begins behind the times, where
   * in it the SQL begins and ends, as JSON, and where the entry ends. An entry that is not kept has nothing around the
   * SQL; what is not kept at all, or has no SQL, has -1.
   */
  readonly places: readonly number[]
  /** The stamps of the files that hold the SQL, by node; null where that cannot be told from a stamp. */
  readonly stamps: readonly (string | null)[]
  readonly everything: KeptEverything | null
}

/** What a command came to that compiled everything that can be compiled. */
export interface KeptEverything {
  /** The numbers of the nodes, in graph order. */
  readonly order: readonly number[]
  /** The path of each below compiled/; null for one without SQL. */
  readonly paths: readonly (string | null)[]
  /** The same for the same nodes with SQL. */
  readonly compiled: string
}

/** The same as it is to be kept. */
export interface Everything {
  readonly nodeIds: readonly NodeId[]
  readonly pathOf: (id: NodeId) => string | null
  /** What the entry of a node in run_results.json says besides its times and its SQL. */
  readonly partsOf: (id: NodeId) => LastingParts
  readonly compiled: string
}

export interface KeptTexts {
  /** What the SQL depends on besides what has become of the nodes. */
  readonly of: string
  /** The SQL of a node that is as it was. */
  readonly textOf: (id: NodeId) => string | undefined
  /** What stands in run_results.json of a node that is as it was, but for the times. */
  readonly entryOf: (id: NodeId) => Buffer | undefined
  /** Whether a file is as it was left when it held the SQL of a node that is as it was. */
  readonly holds: (id: NodeId, path: string) => boolean
  readonly everything: KeptEverything | null
  /** Keeps more of it: what has been found to be steady, with the files that hold it. */
  readonly add: (
    texts: ReadonlyMap<NodeId, string>,
    files: ReadonlyMap<NodeId, string>,
    everything: Everything | null,
  ) => void
}

type Source = Pick<Workspace, 'manifest' | 'keptId' | 'reopened' | 'targetPath'>

/** Reads what is kept of a project's SQL, and takes what is to be kept. `scope` is that of all renderings. */
export function openKeptTexts(
  { log, newId, clock }: Pick<CommandContext, 'log' | 'newId' | 'clock'>,
  source: Source,
  { flags = {}, fullRefresh }: Pick<RenderScope, 'flags' | 'fullRefresh'>,
): KeptTexts {
  const { keptId, reopened, targetPath } = source
  const of = hash('sha1', keptText([keptId, flags, fullRefresh]))
  const path = join(targetPath, 'partial_compile.bin')
  const file = reopened && readCacheFile(path)
  if (file === 'broken') log.write('debug', `${path} is not what was written, and is made anew`)
  const fitting =
    file !== null && file !== 'broken' && (file.index as Kept).of === of
      ? makePieces(file.index as Kept, file.bytes)
      : null
  const ids = reopened?.kept.index.ids ?? Object.keys(source.manifest.nodes)
  const numbers = numbersById({ ids })
  // What belongs to a node that is another now does not belong to the kept compilation.
  const isOther = (id: NodeId): boolean => reopened?.updated.affected.has(id) ?? false
  const numberOf = (id: NodeId): number | undefined => (isOther(id) ? undefined : numbers.get(id))
  return {
    of,
    everything: fitting?.kept.everything ?? null,
    textOf: (id) => fitting?.text(numberOf(id) ?? -1),
    entryOf: (id) => fitting?.entry(numberOf(id) ?? -1),
    holds(id, file) {
      const number = numberOf(id) ?? -1
      const stamp = fitting?.kept.stamps[number]
      return Boolean(stamp && fitting!.hasText(number) && stampOf(file) === stamp)
    },
    add(texts, files, everything) {
      const known = [...texts].filter(([id]) => numberOf(id) !== undefined)
      const isMore = known.length > 0 || (everything !== null && !fitting?.kept.everything)
      if (keptId === null || !isMore) return
      const more = new Map(known.map(([id, text]) => [numberOf(id)!, JSON.stringify(text)]))
      const now = clock()
      const stampNow = (number: number): string | null => {
        const file = files.get(ids[number]!)
        const stamp = file === undefined ? null : stampOf(file)
        return stamp !== null && isSettled(stamp, now) ? stamp : null
      }
      const selected = new Set(everything?.nodeIds)
      const partsOf = (number: number, text: string | undefined): LastingParts | undefined => {
        if (everything === null) return fitting?.parts(number)
        const id = ids[number]!
        const isKept = selected.has(id) && numberOf(id) !== undefined
        return isKept && (text !== undefined || everything.pathOf(id) === null)
          ? everything.partsOf(id)
          : undefined
      }
      const fill = (keep: Keep): Kept => {
        const places = ids.flatMap((_, number) => {
          const text = more.get(number) ?? fitting?.json(number)
          return keepPiece(keep, text, partsOf(number, text))
        })
        const stamps = ids.map((id, number) =>
          places[4 * number + 1]! >= 0 && numberOf(id) !== undefined ? stampNow(number) : null,
        )
        const all = everything
          ? {
              order: everything.nodeIds.map((id) => numbers.get(id)!),
              paths: everything.nodeIds.map(everything.pathOf),
              compiled: everything.compiled,
            }
          : (fitting?.kept.everything ?? null)
        return { of, places, stamps, everything: all }
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

/** What compiled SQL depends on besides what has become of the nodes, and which nodes have it. */
export function codeKey({ of }: Pick<KeptTexts, 'of'>, compiled: string): string {
  return hash('sha1', `${of} ${compiled}`)
}

/** Keeps the SQL of a node, within its entry where that is kept. Gives its places. */
function keepPiece(
  keep: Keep,
  text: string | undefined,
  parts: LastingParts | undefined,
): readonly [number, number, number, number] {
  if (text === undefined && parts === undefined) return [-1, -1, -1, -1]
  const [from, textFrom] = keep(parts?.before ?? '')
  if (text === undefined) return [from, -1, -1, textFrom]
  const [, textTo] = keep(text)
  const [, to] = keep(parts?.after ?? '')
  return [from, textFrom, textTo, to]
}

/** Reads pieces as they were kept. */
function makePieces(kept: Kept, bytes: Buffer) {
  const place = (number: number, which: number): number => kept.places[4 * number + which] ?? -1
  const hasText = (number: number): boolean => place(number, 1) >= 0
  const hasEntry = (number: number): boolean => place(number, 0) >= 0 && place(number, 0) !== place(number, 1)
  const read = (from: number, to: number): string => bytes.toString('utf8', from, to)
  const json = (number: number): string | undefined =>
    hasText(number) ? read(place(number, 1), place(number, 2)) : undefined
  return {
    kept,
    hasText,
    json,
    text: (number: number): string | undefined => {
      const text = json(number)
      return text === undefined ? undefined : (JSON.parse(text) as string)
    },
    entry: (number: number): Buffer | undefined =>
      hasEntry(number) ? bytes.subarray(place(number, 0), place(number, 3)) : undefined,
    parts(number: number): LastingParts | undefined {
      if (!hasEntry(number)) return undefined
      const [from, textFrom, textTo, to] = [0, 1, 2, 3].map((which) => place(number, which))
      return textFrom! < 0
        ? { before: read(from!, to!), after: '' }
        : { before: read(from!, textFrom!), after: read(textTo!, to!) }
    },
  }
}
