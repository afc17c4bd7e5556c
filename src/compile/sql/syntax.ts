import { setFlagsFromString } from 'node:v8'
import { loadModule, normalizeSync, parseSync } from 'libpg-query'

/*
 * PostgreSQL's own parser, compiled to WebAssembly: what it refuses the server would refuse as well,
 * and it says where.
 */

export interface SyntaxError {
  readonly message: string
  /** Characters from the start of the text, from 0. */
  readonly offset: number
}

/** Loads the parser; call once before `findSyntaxError` or `leadingWith`. */
export async function loadSqlParser(): Promise<void> {
  // V8 would soon compile it a second time, to faster code: more work than most commands have for it, and a process
  // does not end before that is done. It still does so for the functions that a large project calls all the time.
  setFlagsFromString('--wasm-tiering-budget=2147483647')
  // In Node 24 that budget is soon spent, and the faster code of the one great function of the parser takes half a
  // gigabyte to make: 765 MB with 1,000 models instead of 208.
  if (Number.parseInt(process.versions.v8, 10) >= 13) {
    setFlagsFromString('--no-wasm-tier-up')
    setFlagsFromString('--no-wasm-dynamic-tiering')
  }
  await loadModule()
}

/** The first thing in `text` that PostgreSQL cannot parse, or null when it parses. */
export function findSyntaxError(text: string): SyntaxError | null {
  // Normalising parses as well and makes no tree of it: a third of the time. Only parsing says what is wrong where.
  try {
    normalizeSync(text)
    return null
  } catch {}
  try {
    parseSync(text)
    return null
  } catch (error) {
    const details = (error as { sqlDetails?: { message: string; cursorPosition: number } }).sqlDetails
    if (!details) throw error
    return { message: details.message, offset: Math.min(details.cursorPosition, text.trimEnd().length) }
  }
}

/** Where a query's own WITH list starts, so that CTEs can be put in front of it. */
export interface LeadingWith {
  /** Offset of the first CTE's name. */
  readonly offset: number
  readonly recursive: boolean
}

/** The WITH clause that opens the query, or null when it has none. Throws nothing: unparsable text has none. */
export function leadingWith(text: string): LeadingWith | null {
  let select: SelectNode | undefined
  try {
    select = (parseSync(text) as ParseTree).stmts[0]?.stmt?.SelectStmt
  } catch {
    return null
  }
  const clause = select?.withClause
  const first = clause?.ctes[0]?.CommonTableExpr
  if (!clause || !first) return null
  return { offset: characterOffset(text, first.location ?? 0), recursive: clause.recursive ?? false }
}

/** The tree counts bytes of UTF-8, JavaScript counts UTF-16 units. */
function characterOffset(text: string, byteOffset: number): number {
  return Buffer.from(text, 'utf8').subarray(0, byteOffset).toString('utf8').length
}

interface SelectNode {
  readonly withClause?: {
    readonly recursive?: boolean
    readonly ctes: readonly { readonly CommonTableExpr?: { readonly location?: number } }[]
  }
}

interface ParseTree {
  readonly stmts: readonly { readonly stmt?: { readonly SelectStmt?: SelectNode } }[]
}
