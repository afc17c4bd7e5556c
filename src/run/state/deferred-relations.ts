import type { Manifest } from '../../core/manifest.ts'
import {
  functionKey,
  type Node,
  type NodeId,
  type Relation,
  type ResourceType,
  relationKey,
  relationOf,
} from '../../core/node.ts'
import { existingFunctions, existingRelations, type Warehouse } from '../../warehouse/index.ts'
import { artifactIds } from '../artifacts/artifact-ids.ts'
import type { StateManifest } from './state-manifest.ts'

/** What stands under a name: a function may have that of a relation. */
interface Candidate {
  readonly own: Relation
  readonly elsewhere: Relation
  readonly key: string
}

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

/** Where relations are read and functions called instead, by key: those of nodes that nobody builds here. */
export async function deferredRelations(request: DeferRequest): Promise<ReadonlyMap<string, Relation>> {
  const { manifest, state, built, favorState, warehouse } = request
  const ids = artifactIds(manifest)
  const isBuilt = new Set(built)
  const candidates = Object.values(manifest.nodes).flatMap((node): Candidate[] => {
    const isFunction = node.resourceType === 'function'
    if (isBuilt.has(writerOf(node)) || !(isFunction || referable.has(node.resourceType))) return []
    const own = isFunction ? node.relation : relationOf(node)
    const elsewhere = state.relationOf(ids.get(node.id)!)
    if (!own || !elsewhere) return []
    const { schema, identifier } = elsewhere
    const key = isFunction ? functionKey(own) : relationKey(own)
    return [{ own, elsewhere: { schema, identifier }, key }]
  })
  const stands = favorState ? new Set<string>() : await standing(warehouse, candidates)
  return new Map(candidates.flatMap(({ key, elsewhere }) => (stands.has(key) ? [] : [[key, elsewhere]])))
}

/** The keys of what is there in the target. */
async function standing(
  on: DeferRequest['warehouse'],
  candidates: readonly Candidate[],
): Promise<ReadonlySet<string>> {
  const functions = candidates.filter(({ own, key }) => key !== relationKey(own)).map(({ own }) => own)
  const relations = candidates.filter(({ own, key }) => key === relationKey(own)).map(({ own }) => own)
  const existing = functions.length === 0 ? [] : await existingFunctions(on, functions)
  return new Set([...(await existingRelations(on, relations)).map(relationKey), ...existing.map(functionKey)])
}

/** Whose step builds it: a table of a job is built by the job. */
function writerOf(node: Node): NodeId {
  return node.resourceType === 'job_table' ? node.job : node.id
}
