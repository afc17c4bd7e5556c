import { splitStatements } from '../../compile/sql/statements.ts'
import type { Node } from '../../core/node.ts'
import { type Session, unsafeSql } from '../../warehouse/index.ts'

/**
 * Runs work after the statements of `sql_header`, in one transaction: settings that they make end with it, so that
 * the next node on the same connection does not inherit them.
 */
export function withSqlHeader<T>(session: Session, node: Node, work: () => Promise<T>): Promise<T> {
  const header = node.config['sql_header']
  if (typeof header !== 'string' || header.trim() === '') return work()
  return session.transaction(async () => {
    for (const { text, kind } of splitStatements(header))
      await session.query(unsafeSql(kind === 'VariableSetStmt' ? asLocal(text) : text))
    return work()
  })
}

/** `set x = y` and `set session x = y` as `set local x = y`. */
function asLocal(text: string): string {
  return text.replace(/^\s*set\s+(?:session\s+(?!authorization|characteristics))?(?!local\b)/i, 'set local ')
}
