import { splitStatements } from '../../compile/sql/statements.ts'
import type { Node } from '../../core/node.ts'
import { type Session, unsafeSql } from '../../warehouse/index.ts'

/**
 * Runs work after the statements of `sql_header`, in one transaction: settings that they make end with it, so that
 * the next node on the same connection does not inherit them.
 */
export function withSqlHeader<T>(session: Session, node: Node, work: () => Promise<T>): Promise<T> {
  if (!hasSqlHeader(node)) return work()
  return session.transaction(async () => {
    for (const { text, kind } of splitStatements(String(node.config['sql_header'])))
      await session.query(unsafeSql(kind === 'VariableSetStmt' ? asLocal(text) : text))
    return work()
  })
}

/** Whether a node has statements that come before its own. */
export function hasSqlHeader({ config }: Node): boolean {
  const header = config['sql_header']
  return typeof header === 'string' && header.trim() !== ''
}

/** `set x = y` and `set session x = y` as `set local x = y`. */
function asLocal(text: string): string {
  return text.replace(/^\s*set\s+(?:session\s+(?!authorization|characteristics))?(?!local\b)/i, 'set local ')
}
