import pLimit from 'p-limit'
import type { Manifest } from '../core/manifest.ts'
import type { FreshnessLimit, NodeId, SourceNode } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
import {
  commentedWarehouse,
  relationIdent,
  ServerError,
  type SQLQuery,
  type StatementComment,
  sql,
  unsafeSql,
  type Warehouse,
} from '../warehouse/index.ts'
import type { SourceFreshness } from './artifacts/index.ts'
import type { FoundFreshness } from './freshness-by-macro.ts'

/*
 * How old the newest rows of sources are, against what their YAML allows. Only reads.
 */

export interface FreshnessRequest {
  readonly manifest: Manifest
  readonly warehouse: Warehouse
  /** Sources; those that say nothing of freshness are left out. */
  readonly nodeIds: readonly NodeId[]
  readonly threads: number
  /** What the statement about a source carries as a comment. */
  readonly commentOf: (nodeId: NodeId) => StatementComment | null
  /** How a macro of the project finds out about a source that has a loaded_at_field. */
  readonly byMacro?: ((source: SourceNode) => Promise<FoundFreshness>) | undefined
}

export interface FreshnessEffects {
  readonly clock: () => Date
  /** Called with each result as it comes. */
  readonly onResult: (result: SourceFreshness) => void
}

/** Asks every source how fresh it is. */
export async function checkFreshness(
  { manifest, warehouse, nodeIds, threads, commentOf, byMacro }: FreshnessRequest,
  { clock, onResult }: FreshnessEffects,
): Promise<readonly SourceFreshness[]> {
  const limit = pLimit(Math.max(1, threads))
  return limit.map(sourcesWithFreshness(manifest, nodeIds), async (source) => {
    const result = await checkOne(source, commentedWarehouse(warehouse, commentOf(source.id)), clock, byMacro)
    onResult(result)
    return result
  })
}

/** The sources of a selection that say how old they may be. */
export function sourcesWithFreshness(manifest: Manifest, nodeIds: readonly NodeId[]): SourceNode[] {
  return nodeIds.flatMap((id) => {
    const node = manifest.nodes[id]
    if (node?.resourceType !== 'source' || !node.freshness) return []
    const { warnAfter, errorAfter } = node.freshness
    return warnAfter || errorAfter ? [node] : []
  })
}

interface Asked {
  readonly maxLoadedAt: string | null
  readonly ageSeconds: number | null
}

async function checkOne(
  source: SourceNode,
  warehouse: Warehouse,
  clock: () => Date,
  byMacro: FreshnessRequest['byMacro'],
): Promise<SourceFreshness> {
  const started = clock()
  const ended = (): Pick<SourceFreshness, 'startedAt' | 'finishedAt' | 'durationMs' | 'thread'> => {
    const finished = clock()
    return {
      startedAt: started.toISOString(),
      finishedAt: finished.toISOString(),
      durationMs: finished.getTime() - started.getTime(),
      thread: null,
    }
  }
  const unknown = (error: string): SourceFreshness => ({
    nodeId: source.id,
    status: 'runtime error',
    error,
    maxLoadedAt: null,
    snapshottedAt: null,
    ageSeconds: null,
    ...ended(),
  })
  const newest = newestRow(source)
  if (!newest) return unknown('it has freshness, but neither loaded_at_field nor loaded_at_query')
  try {
    const { maxLoadedAt, ageSeconds } =
      byMacro && source.loadedAtQuery === undefined
        ? asked(await byMacro(source))
        : (await warehouse.query<Asked>(freshnessQuery(newest, started))).rows[0]!
    return {
      nodeId: source.id,
      status: verdict(source, ageSeconds),
      ...(maxLoadedAt === null && { error: 'it has no rows' }),
      maxLoadedAt,
      snapshottedAt: started.toISOString(),
      ageSeconds,
      ...ended(),
    }
  } catch (error) {
    if (error instanceof ServerError && error.failure.kind === 'sql') return unknown(error.message)
    if (error instanceof ProblemError) return unknown(error.message)
    throw error
  }
}

function asked({ maxLoadedAt, snapshottedAt }: FoundFreshness): Asked {
  if (maxLoadedAt === null) return { maxLoadedAt, ageSeconds: null }
  return { maxLoadedAt, ageSeconds: (Date.parse(snapshottedAt) - Date.parse(maxLoadedAt)) / 1000 }
}

/** The time of the newest row, as a query of one value. */
function newestRow({ loadedAtField, loadedAtQuery, relation, freshness }: SourceNode): SQLQuery | null {
  if (loadedAtQuery !== undefined) return unsafeSql(loadedAtQuery.replace(/;\s*$/, ''))
  if (loadedAtField === undefined) return null
  const filter = freshness?.filter === undefined ? sql`` : sql`\nwhere ${unsafeSql(freshness.filter)}`
  return sql`select max(${unsafeSql(loadedAtField)})\nfrom ${relationIdent(relation)}${filter}`
}

/** A time without zone is UTC, as sessions are. */
function freshnessQuery(newest: SQLQuery, now: Date): SQLQuery {
  return sql`
    select
      to_char(newest at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "maxLoadedAt",
      extract(epoch from (${now.toISOString()}::timestamptz - newest))::float8 as "ageSeconds"
    from (select (
${newest}
    )::timestamptz as newest) as source`
}

/** No rows at all are as old as can be. */
function verdict({ freshness }: SourceNode, ageSeconds: number | null): 'pass' | 'warn' | 'error' {
  const age = ageSeconds ?? Number.POSITIVE_INFINITY
  const exceeds = (limit: FreshnessLimit | undefined) => limit !== undefined && age > secondsOf(limit)
  if (exceeds(freshness?.errorAfter)) return 'error'
  return exceeds(freshness?.warnAfter) ? 'warn' : 'pass'
}

const periodSeconds: Readonly<Record<FreshnessLimit['period'], number>> = {
  minute: 60,
  hour: 3600,
  day: 86_400,
}

function secondsOf({ count, period }: FreshnessLimit): number {
  return count * periodSeconds[period]
}
