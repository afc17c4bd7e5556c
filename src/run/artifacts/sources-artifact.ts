import type { Manifest } from '../../core/manifest.ts'
import type { FreshnessSpec, NodeId } from '../../core/node.ts'
import { type ArtifactOptions, artifactMetadata } from './artifact-metadata.ts'
import type { Entry } from './entry-parts.ts'

/** How fresh a source was when somebody looked. */
export interface SourceFreshness {
  readonly nodeId: NodeId
  readonly status: 'pass' | 'warn' | 'error' | 'runtime error'
  /** Why nobody could tell. */
  readonly error?: string
  /** The newest row, ISO. */
  readonly maxLoadedAt: string | null
  /** When it was asked, ISO. */
  readonly snapshottedAt: string | null
  readonly ageSeconds: number | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly durationMs: number
  readonly thread: number | null
}

export interface SourcesArtifact {
  readonly metadata: Entry
  readonly results: readonly Entry[]
  /** Seconds. */
  readonly elapsed_time: number
}

/** dbt's sources.json, version 3. */
export function sourcesArtifact(
  results: readonly SourceFreshness[],
  elapsedMs: number,
  manifest: Manifest,
  options: ArtifactOptions,
): SourcesArtifact {
  return {
    metadata: artifactMetadata('sources/v3', options),
    results: results.map((result) => freshnessEntry(result, manifest)),
    elapsed_time: elapsedMs / 1000,
  }
}

function freshnessEntry(result: SourceFreshness, { nodes }: Manifest): Entry {
  const { nodeId, status, error, maxLoadedAt, snapshottedAt, ageSeconds } = result
  if (maxLoadedAt === null || snapshottedAt === null || status === 'runtime error')
    return { unique_id: nodeId, error: error ?? 'the source has no rows', status: 'runtime error' }
  const node = nodes[nodeId]
  const { startedAt, finishedAt, durationMs, thread } = result
  return {
    unique_id: nodeId,
    max_loaded_at: maxLoadedAt,
    snapshotted_at: snapshottedAt,
    max_loaded_at_time_ago_in_s: ageSeconds,
    status,
    criteria: criteria((node?.resourceType === 'source' && node.freshness) || {}),
    adapter_response: {},
    timing: startedAt === null ? [] : timing(startedAt, finishedAt),
    thread_id: thread === null ? 'MainThread' : `Thread-${thread}`,
    execution_time: durationMs / 1000,
  }
}

function criteria({ warnAfter, errorAfter, filter }: FreshnessSpec): Entry {
  const limit = (after: FreshnessSpec['warnAfter']) => after ?? { count: null, period: null }
  return { warn_after: limit(warnAfter), error_after: limit(errorAfter), filter: filter ?? null }
}

function timing(startedAt: string, finishedAt: string | null) {
  return [
    { name: 'compile', started_at: startedAt, completed_at: startedAt },
    { name: 'execute', started_at: startedAt, completed_at: finishedAt },
  ]
}
