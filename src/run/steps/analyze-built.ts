import type { Relation } from '../../core/node.ts'
import { analyzeRelation, type Session } from '../../warehouse/index.ts'

/** Below this many rows the planner's guesses do no harm, and statistics cost more than they bring. */
const worthAnalyzing = 1_000

/** Gives the planner statistics of a table that was just built; readers of the same run need them at once. */
export async function analyzeBuilt(session: Session, table: Relation, rows: number): Promise<void> {
  if (rows >= worthAnalyzing) await session.query(analyzeRelation(table))
}
