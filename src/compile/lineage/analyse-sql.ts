import type { NodeId } from '../../core/node.ts'
import { findSyntaxError, type SqlError } from '../sql/syntax.ts'
import type { KnownRelation } from './environment.ts'
import { lineageOfSql, type RelationCatalog } from './lineage-of-sql.ts'
import { type AnalysedSql, findRelation, type NodeOutput, type RelationIndex } from './node-lineage.ts'

/*
 * Looking at a project's SQL without the project: the lineage of what is asked for and of all that it reads, and
 * whether the rest can be parsed. What goes in and comes out is plain data, so that another thread can do it.
 */

/** SQL to look at, with what is known of the nodes that it may read. */
export interface SqlToAnalyse {
  readonly texts: ReadonlyMap<NodeId, string>
  /** Nodes whose lineage is wanted. */
  readonly asked: readonly NodeId[]
  readonly relations: RelationIndex
  /** What nodes give whose columns do not come from SQL that can be read; of all but those whose SQL is not here. */
  readonly outputs: ReadonlyMap<NodeId, NodeOutput>
}

/** What came of it. */
export interface SqlAnalysis {
  /** Each lineage that was worked out from SQL; that of what reads something whose SQL is not here is missing. */
  readonly lineages: readonly (readonly [NodeId, AnalysedSql])[]
  /** What the parser says against texts of which there is no lineage. */
  readonly errors: readonly (readonly [NodeId, SqlError])[]
}

/** What is being worked out, with what it has been found to read. */
interface UnderWay {
  readonly reads: Set<NodeId>
  /** Whether all of that is here. */
  isWhole: boolean
}

/** Looks at SQL; the parser has to be loaded. */
export function analyseSql({ texts, asked, relations, outputs }: SqlToAnalyse): SqlAnalysis {
  const lineages: (readonly [NodeId, AnalysedSql])[] = []
  const known = new Map<NodeId, NodeOutput | null>()
  // The innermost last.
  const underWay: UnderWay[] = []
  /** What a node gives; null where that is not to be found out here. */
  const outputOf = (id: NodeId): NodeOutput | null => {
    const before = known.get(id)
    if (before !== undefined) return before
    // Who reads what reads it in turn is for others to tell.
    known.set(id, null)
    const analysed = analyse(id)
    const found = analysed === undefined ? (outputs.get(id) ?? null) : analysed
    known.set(id, found)
    return found
  }
  const analyse = (id: NodeId): NodeOutput | null | undefined => {
    const text = texts.get(id)
    if (text === undefined) return undefined
    const own: UnderWay = { reads: new Set(), isWhole: true }
    underWay.push(own)
    const lineage = lineageOfSql(text, catalog)
    underWay.pop()
    if (!lineage) return undefined
    if (!own.isWhole) return null
    lineages.push([id, { lineage, reads: [...own.reads] }])
    return { columns: lineage.columns.map(({ name }) => name), isComplete: lineage.isComplete }
  }
  const nodeRelation = (id: NodeId): KnownRelation => {
    const output = outputOf(id)
    const reader = underWay.at(-1)!
    reader.reads.add(id)
    if (!output) reader.isWhole = false
    const { columns, isComplete } = output ?? { columns: [], isComplete: false }
    return { relation: id, columns, isComplete }
  }
  const catalog: RelationCatalog = {
    lookUp: (name) => findRelation(name, relations, nodeRelation),
    isStandIn: (name) => relations.ephemeral.has(name),
  }
  for (const id of asked) outputOf(id)
  const parsed = new Set(lineages.map(([id]) => id))
  const errors = [...texts].flatMap(([id, text]) => {
    const error = parsed.has(id) ? null : findSyntaxError(text)
    return error ? [[id, error] as const] : []
  })
  return { lineages, errors }
}
