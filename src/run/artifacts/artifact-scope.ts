import { renderRelation } from '../../compile/context/relation-value.ts'
import type { ColumnLineage } from '../../compile/lineage/lineage-meta.ts'
import { type MacroReader, makeMacroReader } from '../../compile/macro-reads.ts'
import { quoted } from '../../compile/quoting.ts'
import { extended } from '../../core/extended.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId, Relation, TestNode } from '../../core/node.ts'
import { renamedIds } from './artifact-ids.ts'
import type { ArtifactOptions } from './artifact-metadata.ts'

/** The SQL of nodes, looked up one by one. */
export type CodeById = Pick<ReadonlyMap<NodeId, string>, 'get'>

/** What writing the entry of one node needs to know of the others. */
export interface ArtifactScope {
  readonly manifest: Manifest
  readonly options: ArtifactOptions
  readonly compiledCode: CodeById
  /** What the columns of nodes are made from, as far as that was looked at. */
  readonly lineage: ReadonlyMap<NodeId, ColumnLineage>
  /** The ids of the macros that a template calls. */
  readonly macrosIn: MacroReader
  /** The id of a node in the artifacts. */
  readonly idOf: (id: NodeId) => string
  /** What a node depends on, as far as the manifest has it, in the order in which the node names it. */
  readonly parentsOf: (node: Node) => readonly Node[]
  /** The generic tests of a node, where somebody knows them without a look at all nodes. */
  readonly testsOf?: (id: NodeId) => readonly TestNode[]
}

/** What is known of nodes besides the manifest. */
export type NodeFindings = Partial<Pick<ArtifactScope, 'compiledCode' | 'lineage'>>

/** Collects what the entries of a manifest's nodes have in common. */
export function makeArtifactScope(
  manifest: Manifest,
  options: ArtifactOptions,
  findings: NodeFindings = {},
): ArtifactScope {
  const ids = renamedIds(manifest)
  const idOf = (id: NodeId) => ids.get(id) ?? id
  return makeEntryScope(manifest, options, idOf, findings)
}

/** The same for who makes few entries of a manifest, and knows the ids. */
export function makeEntryScope(
  manifest: Manifest,
  options: ArtifactOptions,
  idOf: ArtifactScope['idOf'],
  { compiledCode = new Map(), lineage = new Map() }: NodeFindings = {},
): ArtifactScope {
  return {
    manifest,
    options,
    compiledCode,
    lineage,
    macrosIn: makeMacroReader(manifest),
    idOf,
    parentsOf: ({ dependsOn }) => dependsOn.flatMap((id) => manifest.nodes[id] ?? []),
  }
}

/** A node's relation as its readers write it: the database in front, each part quoted unless the project says not. */
export function relationName(
  node: Node,
  relation: Relation,
  { quoting }: Pick<Manifest, 'quoting'>,
  { target }: Pick<ArtifactOptions, 'target'>,
): string {
  const there = node.resourceType === 'source' ? node.database : undefined
  const names = extended({ database: there ?? target.database }, relation)
  return renderRelation(extended(names, quoted(node, quoting, names)))
}
