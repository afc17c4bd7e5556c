import { parseSync } from 'libpg-query'
import type { Relation } from '../../core/node.ts'

/** What stands in a FROM clause. */
export interface TableInSql {
  readonly schema: string | null
  readonly identifier: string
}

/**
 * The relations that a query reads, as it names them; null for a text that cannot be parsed. A name without a schema
 * that is the name of a CTE anywhere in the text is taken for that, but for those within a CTE of that name.
 */
export function tablesInSql(text: string): readonly TableInSql[] | null {
  let tree: unknown
  try {
    tree = parseSync(text)
  } catch {
    return null
  }
  const tables: TableInSql[] = []
  const ctes = new Set<string>()
  const visit = (value: unknown, within: WithinCte | null): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, within)
      return
    }
    if (typeof value !== 'object' || value === null) return
    const isRecursive = (value as { recursive?: boolean }).recursive === true
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'CommonTableExpr') {
        const { ctename } = inner as { ctename: string }
        ctes.add(ctename)
        visit(inner, { name: ctename, isRecursive: within?.name === '' && within.isRecursive })
      } else if (key === 'ctes') {
        // Only whether the list is recursive is known here; the names come with its items.
        visit(inner, { name: '', isRecursive })
      } else {
        if (key === 'RangeVar' || key === 'relation') found(inner, within)
        visit(inner, within)
      }
    }
  }
  const outer: TableInSql[] = []
  const found = (inner: unknown, within: WithinCte | null): void => {
    for (const table of tableOf(inner)) {
      const isOfItsOwnName = within !== null && !within.isRecursive && within.name === table.identifier
      ;(isOfItsOwnName ? outer : tables).push(table)
    }
  }
  visit(tree, null)
  return [...outer, ...tables.filter(({ schema, identifier }) => schema !== null || !ctes.has(identifier))]
}

interface WithinCte {
  readonly name: string
  readonly isRecursive: boolean
}

function tableOf(inner: unknown): TableInSql[] {
  const { schemaname, relname } = inner as { schemaname?: string; relname?: string }
  return relname === undefined ? [] : [{ schema: schemaname ?? null, identifier: relname }]
}

/** Whether a query says in which schema a relation stands. */
export function isQualified(table: TableInSql): table is TableInSql & Relation {
  return table.schema !== null
}
