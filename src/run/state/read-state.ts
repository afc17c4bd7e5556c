import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { PreviousState } from '../../core/selection/index.ts'
import type { ArtifactOptions } from '../artifacts/artifact-metadata.ts'
import { type ArtifactScope, makeArtifactScope } from '../artifacts/artifact-scope.ts'
import { macroEntries } from '../artifacts/manifest-artifact.ts'
import { nodeEntry } from '../artifacts/node-entry.ts'
import { brokenContracts } from './broken-contracts.ts'
import { callsChangedMacro } from './changed-macros.ts'
import { compareEntries } from './compare-entries.ts'
import type { Entry } from './entry-values.ts'
import { readArtifact } from './read-artifact.ts'
import { type StateManifest, stateManifest } from './state-manifest.ts'

/*
 * The artifacts of an earlier command, as selections ask for them. Each is read when it is first asked for.
 */

export interface StateRequest {
  /** The folder with the artifacts. */
  readonly folder: string
  /** The folder of this project's own artifacts, which say how fresh the sources are now. */
  readonly targetFolder: string
  readonly manifest: Manifest
  readonly options: ArtifactOptions
}

/** Opens an earlier state; throws a problem when the folder is not there. */
export function readState(request: StateRequest): PreviousState {
  const { folder, targetFolder } = request
  if (!existsSync(folder)) throw noFolder(folder)
  const has = (name: string) => existsSync(join(folder, name))
  const scope = once(() => makeArtifactScope(request.manifest, request.options))
  const statuses = has('run_results.json') && once(() => readStatuses(folder, scope()))
  const fresher = has('sources.json') && once(() => readFresher(folder, targetFolder, scope()))
  const comparison = has('manifest.json') && once(() => makeComparison(readStateManifest(folder), scope()))
  return {
    folder,
    ...(comparison && {
      compare: (id: NodeId) => comparison().compare(id),
      brokenContracts: () => comparison().brokenContracts(),
    }),
    ...(statuses && {
      get statuses() {
        return statuses()
      },
    }),
    ...(fresher && {
      get fresher() {
        return fresher()
      },
    }),
  }
}

/** The earlier manifest of a folder; throws a problem when there is none. */
export function readStateManifest(folder: string): StateManifest {
  const document = existsSync(folder) ? readArtifact(folder, 'manifest.json') : null
  if (document) return stateManifest(document)
  if (!existsSync(folder)) throw noFolder(folder)
  throw new ProblemError(
    makeProblem('state-missing', `there is no manifest.json in ${folder}`, {
      hint: 'copy one there that an earlier command has written to target/',
    }),
  )
}

function noFolder(folder: string): ProblemError {
  return new ProblemError(
    makeProblem('state-missing', `there is no folder ${folder}`, {
      hint: '--state names a folder with artifacts of an earlier command',
    }),
  )
}

type Comparison = Required<Pick<PreviousState, 'compare' | 'brokenContracts'>>

function makeComparison(previous: StateManifest, scope: ArtifactScope): Comparison {
  const { nodes, disabled } = scope.manifest
  const macrosChanged = callsChangedMacro({ current: macroEntries(scope), previous: previous.macros })
  const known = new Map<NodeId, ReturnType<Comparison['compare']>>()
  // As it would be written, so that what JSON cannot hold does not count.
  const entryOf = (id: NodeId) => JSON.parse(JSON.stringify(nodeEntry(nodes[id]!, scope))) as Entry
  return {
    compare: (id) => {
      const found = known.get(id)
      if (found) return found
      const current = entryOf(id)
      const before = previous.entryOf(scope.idOf(id))
      const comparison = compareEntries(current, before, macrosChanged(current))
      known.set(id, comparison)
      return comparison
    },
    brokenContracts: once(() => {
      const ids = new Map(Object.keys(nodes).map((id) => [scope.idOf(id), id]))
      const disabledIds = new Set(disabled.map(({ id }) => scope.idOf(id)))
      return brokenContracts(previous.entries(), {
        entryOf: (id) => (ids.has(id) ? entryOf(ids.get(id)!) : null),
        isDisabled: (id) => disabledIds.has(id),
        now: scope.options.generatedAt,
      })
    }),
  }
}

function readStatuses(folder: string, scope: ArtifactScope): ReadonlyMap<NodeId, string> {
  const statuses = resultsOf(readArtifact(folder, 'run_results.json')!, 'status')
  return byNode(scope, (id) => statuses.get(id))
}

/** The sources whose newest data is newer than it was, or that were not looked at before. */
function readFresher(folder: string, targetFolder: string, scope: ArtifactScope): ReadonlySet<NodeId> {
  const now = readArtifact(targetFolder, 'sources.json')
  if (!now)
    throw new ProblemError(
      makeProblem('state-missing', `there is no sources.json in ${targetFolder} to compare with`, {
        hint: 'run estimand source freshness first',
      }),
    )
  const before = resultsOf(readArtifact(folder, 'sources.json')!, 'max_loaded_at')
  const loaded = resultsOf(now, 'max_loaded_at')
  const isFresher = (id: string): true | undefined => {
    const [newest, old] = [loaded.get(id), before.get(id)]
    if (newest === undefined) return undefined
    return old === undefined || Date.parse(newest) > Date.parse(old) ? true : undefined
  }
  return new Set(byNode(scope, isFresher).keys())
}

/** One value of each result, by the id of its node; results without it are left out. */
function resultsOf(document: Entry, key: string): ReadonlyMap<string, string> {
  const results = (document['results'] ?? []) as readonly Entry[]
  return new Map(
    results.flatMap((result) =>
      result[key] === undefined || result[key] === null
        ? []
        : [[String(result['unique_id']), String(result[key])] as const],
    ),
  )
}

function byNode<T>(
  { manifest, idOf }: ArtifactScope,
  valueAt: (id: string) => T | undefined,
): Map<NodeId, T> {
  const values = new Map<NodeId, T>()
  for (const id of Object.keys(manifest.nodes)) {
    const value = valueAt(idOf(id))
    if (value !== undefined) values.set(id, value)
  }
  return values
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
