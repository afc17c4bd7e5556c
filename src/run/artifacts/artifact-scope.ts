import { makeGraph, type NodeGraph } from '../../core/graph.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId, Relation } from '../../core/node.ts'
import { artifactIds } from './artifact-ids.ts'
import type { ArtifactOptions } from './artifact-metadata.ts'
import { type MacroReader, makeMacroReader } from './macro-reads.ts'

/** What writing the entry of one node needs to know of the others. */
export interface ArtifactScope {
  readonly manifest: Manifest
  readonly graph: NodeGraph
  readonly options: ArtifactOptions
  readonly compiledCode: ReadonlyMap<NodeId, string>
  /** The ids of the macros that a template calls. */
  readonly macrosIn: MacroReader
  /** The id of a node in the artifacts. */
  readonly idOf: (id: NodeId) => string
  /** What a node depends on, as far as the manifest has it, in the order in which the node names it. */
  readonly parentsOf: (node: Node) => readonly Node[]
}

/** Collects what the entries of a manifest's nodes have in common. */
export function makeArtifactScope(
  manifest: Manifest,
  options: ArtifactOptions,
  compiledCode: ReadonlyMap<NodeId, string> = new Map(),
): ArtifactScope {
  const ids = artifactIds(manifest)
  return {
    manifest,
    graph: makeGraph(manifest),
    options,
    compiledCode,
    macrosIn: makeMacroReader(manifest),
    idOf: (id) => ids.get(id) ?? id,
    parentsOf: ({ dependsOn }) => dependsOn.flatMap((id) => manifest.nodes[id] ?? []),
  }
}

/** A relation as dbt writes it: each part quoted, the database in front. */
export function relationName(relation: Relation, database: string): string {
  return [database, relation.schema, relation.identifier]
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')
}

/** The one relation that a node is known by, or null for a node that has none or several. */
export function relationOf(node: Node): Relation | null {
  switch (node.resourceType) {
    case 'source':
    case 'seed':
    case 'snapshot':
    case 'job':
      return node.relation
    case 'model':
      return node.materialized === 'ephemeral' ? null : node.relation
    case 'load':
    case 'test':
    case 'unit_test':
    case 'exposure':
    case 'analysis':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return null
  }
}
