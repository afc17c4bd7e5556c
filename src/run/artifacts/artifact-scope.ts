import { makeGraph, type NodeGraph } from '../../core/graph.ts'
import type { MacroInfo, Manifest } from '../../core/manifest.ts'
import type { Node, NodeId, Relation } from '../../core/node.ts'
import { artifactIds } from './artifact-ids.ts'
import type { ArtifactOptions } from './artifact-metadata.ts'

/** What writing the entry of one node needs to know of the others. */
export interface ArtifactScope {
  readonly manifest: Manifest
  readonly graph: NodeGraph
  readonly options: ArtifactOptions
  readonly compiledCode: ReadonlyMap<NodeId, string>
  /** Ids of macros in the artifacts, by their short name. */
  readonly macroIds: ReadonlyMap<string, string>
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
    macroIds: new Map(Object.values(manifest.macros).map((macro) => [macro.name, macroId(macro)])),
    idOf: (id) => ids.get(id) ?? id,
    parentsOf: ({ dependsOn }) => dependsOn.flatMap((id) => manifest.nodes[id] ?? []),
  }
}

/** The id of a macro in the artifacts. */
export function macroId(macro: Pick<MacroInfo, 'package' | 'name'>): string {
  return `macro.${macro.package}.${macro.name}`
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
