import type { EventNodeInfo } from '../../core/events/event-schema.ts'
import type { Manifest } from '../../core/manifest.ts'
import { type Node, type NodeId, type Relation, relationOf } from '../../core/node.ts'
import { artifactIds, artifactName } from '../artifacts/artifact-ids.ts'
import type { ArtifactOptions } from '../artifacts/artifact-metadata.ts'
import { relationName } from '../artifacts/artifact-scope.ts'

/** When and how a node ran, as far as it has. */
export interface NodeMoment {
  readonly status: string
  readonly startedAt?: string | null
  readonly finishedAt?: string | null
}

export type NodeInfoOf = (id: NodeId, moment: NodeMoment) => EventNodeInfo

/** Tells of nodes as dbt's events do, under the ids that they have in the artifacts. */
export function makeNodeInfo(
  manifest: Pick<Manifest, 'nodes' | 'quoting'>,
  target: ArtifactOptions['target'],
): NodeInfoOf {
  const ids = artifactIds(manifest)
  return (id, { status, startedAt, finishedAt }) => {
    const node = manifest.nodes[id]
    const uniqueId = ids.get(id) ?? id
    const relation = node && relationOf(node)
    return {
      node_name: node ? artifactName(node, uniqueId) : id,
      node_path: node?.path ?? '',
      node_checksum: node && 'checksum' in node ? node.checksum : '',
      node_relation: {
        alias: relation?.identifier ?? node?.name ?? '',
        database: target.database ?? '',
        schema: relation?.schema ?? '',
        relation_name: relationText(node, relation, manifest, target),
      },
      node_started_at: startedAt ?? '',
      node_finished_at: finishedAt ?? '',
      node_status: status,
      materialized: node ? materializedOf(node) : '',
      resource_type: uniqueId.split('.')[0] ?? '',
      unique_id: uniqueId,
      meta: node && 'meta' in node ? (node.meta as Record<string, unknown>) : {},
    }
  }
}

function relationText(
  node: Node | undefined,
  relation: Relation | null | undefined,
  manifest: Pick<Manifest, 'quoting'>,
  target: ArtifactOptions['target'],
): string {
  if (!node || !relation || node.resourceType === 'test') return ''
  return relationName(node, relation, manifest, { target })
}

function materializedOf(node: Node): string {
  if (node.resourceType === 'model') return node.materialized
  return ['job', 'job_table', 'load'].includes(node.resourceType) ? 'table' : node.resourceType
}
