import type { JobSpec } from '../../core/job-spec.ts'
import type { Manifest } from '../../core/manifest.ts'
import {
  type JobNode,
  type JobTableNode,
  type Node,
  type NodeId,
  type Relation,
  relationKey,
  type SnapshotNode,
  type SourceNode,
} from '../../core/node.ts'
import { cteName } from '../context/relation-value.ts'
import type { OutputColumn, SqlLineage } from './column-lineage.ts'
import type { KnownRelation, TableName } from './environment.ts'
import { jobColumns } from './job-lineage.ts'
import { lineageOfSql, type RelationCatalog } from './lineage-of-sql.ts'

/*
 * The lineage of a project's nodes: each node's SQL is read with what is known of the nodes that it reads, so a
 * `*` is expanded along the graph. Lineage of one node ends at the nodes and relations that it reads.
 */

export interface NodeLineage extends SqlLineage {
  readonly nodeId: NodeId
}

/** What lineage needs to know that is not in the manifest. */
export interface LineageSurroundings {
  /** The compiled SQL of a node, as if everything were published; null where there is none. */
  readonly sqlOf: (nodeId: NodeId) => string | null
  /** The columns in the header of each seed. */
  readonly seedColumns: ReadonlyMap<NodeId, readonly string[]>
  /** The columns of a job's table; without them the columns of jobs are not known. */
  readonly columnsOfJob?: (spec: JobSpec, suffix: string) => readonly string[] | null
  /** The columns of a relation as the database has it, where somebody has asked. */
  readonly catalogColumns?: (relation: Relation) => readonly string[] | undefined
  /** Told of each node whose SQL has been parsed without an error. */
  readonly onParsed?: (nodeId: NodeId) => void
  /** Told of each lineage that has been worked out, with the nodes whose columns it was worked out from. */
  readonly onAnalysed?: (lineage: NodeLineage, reads: readonly NodeId[]) => void
  /** Where the nodes stand, where somebody knows it already. */
  readonly relations?: RelationIndex
  /** The output of a node whose lineage was worked out before. */
  readonly outputOf?: (nodeId: NodeId) => NodeOutput | undefined
}

/** The columns that a node is known to give, and whether those are all. */
export interface NodeOutput {
  readonly columns: readonly string[]
  readonly isComplete: boolean
}

/** Gives the lineage of a node; null for kinds that have no columns. */
export type LineageOf = (nodeId: NodeId) => NodeLineage | null

/** Makes the lineage of a manifest's nodes; each is worked out when it is first asked for. */
export function makeNodeLineage(
  manifest: Pick<Manifest, 'nodes'>,
  surroundings: LineageSurroundings,
): LineageOf {
  const known = new Map<NodeId, NodeLineage | null>()
  // What is being worked out, innermost last, with what it has been found to read.
  const underWay: Set<NodeId>[] = []
  const catalog = makeCatalog(manifest, surroundings, (id) => {
    underWay.at(-1)?.add(id)
    return lineageOf(id)
  })
  const lineageOf: LineageOf = (nodeId) => {
    const before = known.get(nodeId)
    if (before !== undefined) return before
    const output = surroundings.outputOf?.(nodeId)
    const lineage = output ? { nodeId, ...origin(output.columns, output.isComplete, true) } : analyse(nodeId)
    known.set(nodeId, lineage)
    return lineage
  }
  const analyse: LineageOf = (nodeId) => {
    const node = manifest.nodes[nodeId]
    const reads = new Set<NodeId>()
    underWay.push(reads)
    const analysed = node ? analyseNode(node, manifest, surroundings, catalog) : null
    underWay.pop()
    const lineage = analysed && { nodeId, ...analysed }
    if (lineage) surroundings.onAnalysed?.(lineage, [...reads])
    return lineage
  }
  return lineageOf
}

function analyseNode(
  node: Node,
  manifest: Pick<Manifest, 'nodes'>,
  surroundings: LineageSurroundings,
  catalog: NodeCatalog,
): SqlLineage | null {
  const fromDatabase = 'relation' in node ? surroundings.catalogColumns?.(node.relation) : undefined
  switch (node.resourceType) {
    case 'source': {
      const columns = loadedColumns(node, manifest) ?? fromDatabase
      return columns ? origin(columns, true) : origin(declaredColumns(node), false)
    }
    case 'seed': {
      const columns = surroundings.seedColumns.get(node.id) ?? fromDatabase
      return columns ? origin(columns, true) : origin(declaredColumns(node), false)
    }
    case 'job':
      // What it names of them is checked, so that others of them are to be looked at again.
      for (const id of node.dependsOn) catalog.note(id)
      return jobLineage(node, '', node, manifest, surroundings)
    case 'job_table': {
      const job = manifest.nodes[node.job]
      return job?.resourceType === 'job' ? jobLineage(job, node.suffix, node, manifest, surroundings) : null
    }
    case 'model':
    case 'snapshot':
    case 'test':
    case 'analysis': {
      const sql = surroundings.sqlOf(node.id)
      const lineage = sql === null ? null : lineageOfSql(sql, catalog)
      if (lineage) surroundings.onParsed?.(node.id)
      else return origin(fromDatabase ?? declaredColumns(node), fromDatabase !== undefined, true)
      return node.resourceType === 'snapshot' ? withHistory(node, lineage) : lineage
    }
    default:
      return null
  }
}

/** Columns that come from nowhere in the project. */
function origin(names: readonly string[], isComplete: boolean, isUnknown = false): SqlLineage {
  const columns = names.map((name) => ({ name, inputs: [], influences: [], isUnknown }))
  return { columns, isComplete, influences: [], unused: [], unresolved: [] }
}

/** Names in YAML follow SQL's rule: without quotes they are lower case. */
function declaredColumns({ columns }: Node): string[] {
  return columns.map(({ name, quote }) => (quote ? name : name.toLowerCase()))
}

/** The columns of the load that writes where a source stands. */
function loadedColumns(source: SourceNode, manifest: Pick<Manifest, 'nodes'>): readonly string[] | undefined {
  for (const id of source.dependsOn) {
    const load = manifest.nodes[id]
    if (load?.resourceType !== 'load') continue
    const { schema, identifier } = source.relation
    const table = load.spec.tables.find((each) => each.schema === schema && each.name === identifier)
    if (table) return table.columns.map(({ name }) => name)
  }
  return undefined
}

/** A snapshot's own columns: from when to when a version held. */
function withHistory({ spec }: SnapshotNode, lineage: SqlLineage): SqlLineage {
  const { scdId, updatedAt, validFrom, validTo, isDeleted } = spec.metaColumns
  const names = [
    scdId,
    updatedAt,
    validFrom,
    validTo,
    ...(spec.hardDeletes === 'new_record' ? [isDeleted] : []),
  ]
  // They are computed when the snapshot runs; updated_at is an expression that is not part of the query.
  const added = names.map((name): OutputColumn => ({ name, inputs: [], influences: [], isUnknown: true }))
  return { ...lineage, columns: [...lineage.columns, ...added] }
}

function jobLineage(
  job: JobNode,
  suffix: string,
  table: JobNode | JobTableNode,
  manifest: Pick<Manifest, 'nodes'>,
  { columnsOfJob }: LineageSurroundings,
): SqlLineage {
  const names = columnsOfJob?.(job.spec, suffix)
  if (!names) return origin(declaredColumns(table), false, true)
  const relationOf = (ref: string) => job.dependsOn.find((id) => manifest.nodes[id]?.name === ref) ?? ref
  return jobColumns(job.spec, names, relationOf)
}

/** Where nodes stand, for finding those that SQL reads. */
export interface RelationIndex {
  readonly byRelation: ReadonlyMap<string, NodeId>
  /** Ephemeral models by the CTEs that stand for them. */
  readonly ephemeral: ReadonlyMap<string, NodeId>
}

/** Indexes the nodes that SQL can read. */
export function indexRelations({ nodes }: Pick<Manifest, 'nodes'>): RelationIndex {
  const byRelation = new Map<string, NodeId>()
  const ephemeral = new Map<string, NodeId>()
  for (const node of Object.values(nodes)) {
    if (node.resourceType === 'model' && node.materialized === 'ephemeral')
      ephemeral.set(cteName(node.name), node.id)
    else if (isReadable(node)) byRelation.set(relationKey(node.relation), node.id)
  }
  return { byRelation, ephemeral }
}

/** The same, told of nodes that are read otherwise than by SQL. */
interface NodeCatalog extends RelationCatalog {
  readonly note: (nodeId: NodeId) => void
}

/** Finds the relations that SQL reads among the nodes. */
function makeCatalog(
  manifest: Pick<Manifest, 'nodes'>,
  surroundings: LineageSurroundings,
  lineageOf: LineageOf,
): NodeCatalog {
  const { byRelation, ephemeral } = surroundings.relations ?? indexRelations(manifest)
  const nodeRelation = (nodeId: NodeId): KnownRelation => {
    const lineage = lineageOf(nodeId)
    const columns = lineage?.columns.map(({ name }) => name) ?? []
    return { relation: nodeId, columns, isComplete: lineage?.isComplete ?? false }
  }
  const lookUp = ({ schema, name }: TableName): KnownRelation => {
    const standIn = schema === undefined ? ephemeral.get(name) : undefined
    if (standIn !== undefined) return nodeRelation(standIn)
    if (schema === undefined) return { relation: name, columns: [], isComplete: false }
    const relation = { schema, identifier: name }
    const nodeId = byRelation.get(relationKey(relation))
    if (nodeId !== undefined) return nodeRelation(nodeId)
    const columns = surroundings.catalogColumns?.(relation)
    return { relation: relationKey(relation), columns: columns ?? [], isComplete: columns !== undefined }
  }
  return { lookUp, isStandIn: (name) => ephemeral.has(name), note: (id) => void lineageOf(id) }
}

function isReadable(node: Node): node is Extract<Node, { readonly relation: Relation }> {
  return ['source', 'seed', 'model', 'snapshot', 'job', 'job_table'].includes(node.resourceType)
}

/** The lineage of every node that has columns, by id: plain data. */
export interface ProjectLineage {
  readonly nodes: Readonly<Record<NodeId, NodeLineage>>
}

/** The lineage of a whole project. */
export function columnLineage(
  manifest: Pick<Manifest, 'nodes'>,
  surroundings: LineageSurroundings,
): ProjectLineage {
  const lineageOf = makeNodeLineage(manifest, surroundings)
  const all = Object.keys(manifest.nodes).map((id) => [id, lineageOf(id)] as const)
  const nodes = all.filter((entry): entry is readonly [NodeId, NodeLineage] => entry[1] !== null)
  return { nodes: Object.fromEntries(nodes) }
}
