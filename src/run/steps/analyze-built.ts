import type { Relation } from '../../core/node.ts'
import { type ApplyDelta, analyzeRelation, type Session } from '../../warehouse/index.ts'

/** Below this many rows the planner's guesses do no harm, and statistics cost more than they bring. */
const worthAnalyzing = 1_000

/** Gives the planner statistics of a table that was just built; readers of the same run need them at once. */
export async function analyzeBuilt(session: Session, table: Relation, rows: number): Promise<void> {
  if (rows >= worthAnalyzing) await session.query(analyzeRelation(table))
}

/**
 * The same of an increment, which is gone by the end of the run: only of the columns by which the rows are found that
 * it replaces. The time that it takes is that of sorting each column.
 */
export async function analyzeIncrement(session: Session, delta: ApplyDelta, rows: number): Promise<void> {
  const { build, times, uniqueKey, keyExpressions, predicates = [] } = delta
  const isByColumns = !keyExpressions && predicates.length === 0
  const columns = times ? [times.column] : isByColumns ? uniqueKey : []
  if (rows >= worthAnalyzing) await session.query(analyzeRelation(build, columns))
}
