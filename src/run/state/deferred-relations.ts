import type { Manifest } from '../../core/manifest.ts'
import {
  type Node,
  type NodeId,
  type Relation,
  type ResourceType,
  relationKey,
  relationOf,
} from '../../core/node.ts'
import { existingRelations, type Warehouse } from '../../warehouse/index.ts'
import { artifactIds } from '../artifacts/artifact-ids.ts'
import type { StateManifest } from './state-manifest.ts'

const referable: ReadonlySet<ResourceType> = new Set(['model', 'seed', 'snapshot', 'job', 'job_table'])

export interface DeferRequest {
  readonly manifest: Manifest
  readonly state: StateManifest
  /** The nodes that the command builds: they are never read elsewhere. */
  readonly built: readonly NodeId[]
  /** Whether the state is read also where the target has a relation of its own. */
  readonly favorState: boolean
  /** Asked what exists in the target, unless the state is favoured. */
  readonly warehouse: Pick<Warehouse, 'query'>
}

/** Where relations are read instead: those of nodes that nobody builds here, and that a ref may name. */
export async function deferredRelations(request: DeferRequest): Promise<ReadonlyMap<string, Relation>> {
  const { manifest, state, built, favorState, warehouse } = request
  const ids = artifactIds(manifest)
  const isBuilt = new Set(built)
  const candidates = Object.values(manifest.nodes).flatMap((node) => {
    if (isBuilt.has(writerOf(node)) || !referable.has(node.resourceType)) return []
    const own = relationOf(node)
    const elsewhere = state.relationOf(ids.get(node.id)!)
    return own && elsewhere ? [{ own, elsewhere }] : []
  })
  const existing = favorState
    ? []
    : await existingRelations(
        warehouse,
        candidates.map(({ own }) => own),
      )
  const stands = new Set(existing.map(relationKey))
  return new Map(
    candidates
      .filter(({ own }) => !stands.has(relationKey(own)))
      .map(({ own, elsewhere: { schema, identifier } }) => [relationKey(own), { schema, identifier }]),
  )
}

/** Whose step builds it: a table of a job is built by the job. */
function writerOf(node: Node): NodeId {
  return node.resourceType === 'job_table' ? node.job : node.id
}
