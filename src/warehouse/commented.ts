import type { Session } from './session.ts'
import { type SQLQuery, sql } from './sql.ts'
import { unsafeSql } from './sql-text.ts'
import type { Warehouse } from './warehouse.ts'

/*
 * Statements that carry a comment, so that pg_stat_activity, the server's log and pg_stat_statements tell what they
 * are for. What begins and ends transactions, and COPY, which names its table, go without.
 */

/** The comment of statements. */
export interface StatementComment {
  readonly text: string
  /** Whether it comes after the statement; in front, it is still there where the server cuts long statements. */
  readonly append: boolean
}

/** A session whose statements carry the comment. */
export function commentedSession(session: Session, comment: StatementComment | null): Session {
  if (comment === null) return session
  const noted = withComment(comment)
  return {
    processId: session.processId,
    query: (query) => session.query(noted(query)),
    queryTable: (query) => session.queryTable(noted(query)),
    runAll: (statements) => session.runAll(statements.map(noted)),
    transaction: (body) => session.transaction(body),
    copyIn: (relation, columns, format) => session.copyIn(relation, columns, format),
    copyOut: (query, format) => session.copyOut(query, format),
  }
}

/** A warehouse whose lent sessions do; what controls the run does not. */
export function commentedWarehouse(warehouse: Warehouse, comment: StatementComment | null): Warehouse {
  if (comment === null) return warehouse
  const noted = withComment(comment)
  return {
    ...warehouse,
    query: (query) => warehouse.query(noted(query)),
    runTogether: (statement) => warehouse.runTogether(noted(statement)),
    withSession: (body, settings) =>
      warehouse.withSession((session) => body(commentedSession(session, comment)), settings),
  }
}

function withComment({ text, append }: StatementComment): (query: SQLQuery) => SQLQuery {
  if (text.includes('*/')) throw new Error(`not a text for a comment: ${text}`)
  const comment = unsafeSql(`/* ${text} */`)
  return (query) => (append ? sql`${query}\n${comment}` : sql`${comment}\n${query}`)
}
