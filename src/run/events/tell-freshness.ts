import type { EventLevel } from '../../core/events/event-names.ts'
import type { EventStream } from '../../core/events/event-stream.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { SourceFreshness } from '../artifacts/sources-artifact.ts'
import type { NodeInfoOf } from './node-info.ts'

/** How far the question is. */
export interface FreshnessProgress {
  readonly index: number
  readonly total: number
}

/** Tells how fresh a source is, as dbt does. */
export function tellFreshness(
  result: SourceFreshness,
  { index, total }: FreshnessProgress,
  teller: {
    readonly stream: EventStream
    readonly manifest: Pick<Manifest, 'nodes'>
    readonly nodeInfo: NodeInfoOf
  },
): void {
  const { nodeId, status, startedAt, finishedAt, durationMs } = result
  const node = teller.manifest.nodes[nodeId]!
  const source_name = node.resourceType === 'source' ? node.sourceName : ''
  const execution_time = durationMs / 1000
  teller.stream.tell({
    name: 'LogFreshnessResult',
    level: levels[status],
    msg: `${index} of ${total} ${words[status]} freshness of ${source_name}.${node.name} [${words[status]} in ${execution_time.toFixed(2)}s]`,
    data: {
      node_info: teller.nodeInfo(nodeId, { status, startedAt, finishedAt }),
      ...{ status, index, total, execution_time, source_name, table_name: node.name },
    },
    nodeId,
  })
}

const levels: Readonly<Record<SourceFreshness['status'], EventLevel>> = {
  pass: 'info',
  warn: 'warn',
  error: 'error',
  'runtime error': 'error',
}

const words: Readonly<Record<SourceFreshness['status'], string>> = {
  pass: 'PASS',
  warn: 'WARN',
  error: 'ERROR STALE',
  'runtime error': 'ERROR',
}
