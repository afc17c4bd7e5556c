import type { NodeId } from '../core/node.ts'
import type { Problem } from '../core/problem.ts'
import type { ColumnLineage } from './lineage/lineage-meta.ts'
import type { NodeOutput } from './lineage/node-lineage.ts'

/*
 * What compiling a project found out besides the manifest, by the node that it is about. Whoever compiles the project
 * again after a small change need not find out the rest of it anew.
 */

/** Problems by the node that has them, in the order of the manifest. */
export type ProblemsByNode = ReadonlyMap<NodeId, readonly Problem[]>

/** A node's output, with the nodes whose columns it was worked out from. */
export interface AnalysedNode extends NodeOutput {
  readonly reads: readonly NodeId[]
  /** What its columns are made from; only where that was read from SQL. */
  readonly lineage?: ColumnLineage
}

/** What was found by looking at the SQL. */
export interface SqlFindings {
  /** Templates that cannot be rendered. */
  readonly rendering: ProblemsByNode
  readonly syntax: ProblemsByNode
  readonly columns: ProblemsByNode
  /** Models whose columns were compared with what YAML says of them. */
  readonly compared: readonly NodeId[]
  readonly outputs: ReadonlyMap<NodeId, AnalysedNode>
}

export interface Findings {
  /** What is worth saying of the project as it is declared. */
  readonly drafting: readonly Problem[]
  /** Null where nobody looked at the SQL. */
  readonly sql: SqlFindings | null
}

/** Everything that was found, in the order in which it is told. */
export function problemsOf({ drafting, sql }: Findings): Problem[] {
  const lists = sql ? [sql.rendering, sql.syntax, sql.columns] : []
  return [...drafting, ...lists.flatMap((list) => [...list.values()].flat())]
}
