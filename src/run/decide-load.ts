import type { FilesSpec, PostgresSpec } from '../core/load-spec.ts'
import type { HeldFile } from '../core/loaded-file.ts'
import { type LoadNode, type NodeId, relationKey, relationsOf } from '../core/node.ts'
import type { Step } from '../core/plan.ts'
import type { Published } from '../store/index.ts'
import type { RelationKind } from '../warehouse/index.ts'

/*
 * Whether a load is done anew, adds to what it has, or stays as it is: what its tables were made from tells, and for
 * files which of them it holds.
 */

/** What deciding about loads has to know about the warehouse. */
export interface LoadState {
  /** Relations that exist, by relation key. */
  readonly relations: ReadonlyMap<string, RelationKind>
  /** When and with which fingerprint relations were published, by relation key. */
  readonly published: ReadonlyMap<string, Published>
  /** The files that tables hold, by relation key. */
  readonly held: ReadonlyMap<string, readonly HeldFile[]>
}

/** What there is to be loaded into a table that keeps what it has. */
export interface FilesToLoad {
  /** Files that it does not hold yet, with those that it is to have again. */
  readonly count: number
  /** Undefined where nobody knows before reading. */
  readonly sizeBytes?: number
  /** Files that were loaded, have changed since, and are not to be loaded again. */
  readonly refused: number
  readonly unchanged: number
}

export interface LoadOptions {
  readonly fullRefresh: boolean
  /** What each selected load would write, as one string: its declaration, parameters and code. */
  readonly loadFingerprints: ReadonlyMap<NodeId, string>
  /** By load, for those that add to what is there. */
  readonly filesToLoad: ReadonlyMap<NodeId, FilesToLoad>
  /** Whether everything is read as if it had no rows. */
  readonly empty?: boolean
}

/** What is done with a node, and why. */
export interface Decision extends Pick<Step, 'action' | 'reason'> {
  /** Whether it is made anew although nothing has changed since it was published. */
  readonly isAnew?: true
}

/** What a plan does with a load, and why. */
export function decideLoad(node: LoadNode, state: LoadState, options: LoadOptions): Decision {
  if (node.spec.kind === 'stream')
    return { action: 'load', reason: 'its tables are made where they are not there; rows come by stream run' }
  if (node.spec.kind === 'files') return decideFiles(node, node.spec, state, options)
  if (node.spec.kind === 'postgres') return decidePostgres(node, node.spec, state, options)
  if (options.fullRefresh) return { action: 'load', reason: 'full refresh' } as const
  const keys = relationsOf(node).map(relationKey)
  if (keys.some((key) => !state.relations.has(key)))
    return { action: 'load', reason: 'not loaded yet' } as const
  const wanted = options.loadFingerprints.get(node.id)
  const unchanged = keys.every((key) => state.published.get(key)?.fingerprint === wanted)
  return unchanged
    ? ({ action: 'reuse', reason: 'same declaration, parameters and code as what is there' } as const)
    : ({ action: 'load', reason: 'its declaration, parameters or code changed' } as const)
}

function decideFiles(node: LoadNode, spec: FilesSpec, state: LoadState, options: LoadOptions): Decision {
  const [key] = relationsOf(node).map(relationKey)
  const decided = decideByTable(state.relations.has(key!), options)
  if (decided) return decided
  const wanted = options.loadFingerprints.get(node.id)
  if (spec.mode === 'replace') {
    if (wanted === undefined) return { action: 'load', reason: 'what it reads can be read only once' }
    return state.published.get(key!)?.fingerprint === wanted
      ? { action: 'reuse', reason: 'same declaration, parameters and files as what is there' }
      : { action: 'load', reason: 'its declaration, parameters or files changed' }
  }
  if (wanted === undefined) return { action: 'increment', reason: 'what it reads can be read only once' }
  if (!state.held.has(key!)) return { action: 'load', reason: 'which files it holds is not recorded' }
  const { count, sizeBytes, refused, unchanged } = options.filesToLoad.get(node.id)!
  if (refused > 0) return { action: 'increment', reason: `${files(refused)} changed since being loaded` }
  if (count === 0) return { action: 'reuse', reason: `no new files; it holds ${files(unchanged)}` }
  const size = sizeBytes === undefined ? '' : `, ${megabytes(sizeBytes)}`
  return { action: 'increment', reason: `${files(count)} to load${size}` }
}

/** What the table alone decides: whether it is there, and whether it is to be made anew. */
function decideByTable(isThere: boolean, { empty, fullRefresh }: LoadOptions): Decision | null {
  if (empty && isThere)
    return { action: 'reuse', reason: 'with --empty nothing is loaded, and what is there stays' }
  if (!isThere) return { action: 'load', reason: 'not loaded yet' }
  return fullRefresh ? { action: 'load', reason: 'full refresh' } : null
}

/** Nothing tells whether a database has changed: it is asked each time. */
function decidePostgres(
  node: LoadNode,
  { mode, watermark }: PostgresSpec,
  state: LoadState,
  options: LoadOptions,
): Decision {
  const [key] = relationsOf(node).map(relationKey)
  const decided = decideByTable(state.relations.has(key!), options)
  if (decided) return decided
  if (mode === 'replace')
    return { action: 'load', reason: 'read anew each time: a database does not tell whether it has changed' }
  if (!state.held.has(key!))
    return { action: 'load', reason: 'whether it holds rows of this load is not recorded' }
  if (watermark === null)
    return { action: 'increment', reason: 'all rows are read, and take the place of theirs' }
  const { column, lookback } = watermark
  const before = lookback === null ? '' : `, and of ${lookback} before`
  return { action: 'increment', reason: `rows whose ${column} is greater than what is there${before}` }
}

function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`
}

function megabytes(sizeBytes: number): string {
  return sizeBytes < 1e5 ? `${(sizeBytes / 1e3).toFixed(1)} kB` : `${(sizeBytes / 1e6).toFixed(1)} MB`
}
