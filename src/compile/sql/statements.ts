import { parseSync, scanSync } from 'libpg-query'

/*
 * Texts that may hold several statements, as hooks and macros send them.
 */

export interface Statement {
  readonly text: string
  /** PostgreSQL's name of its kind: `SelectStmt`, `GrantStmt`; empty when the text cannot be parsed. */
  readonly kind: string
}

/** Takes a text apart into its statements. One that cannot be parsed stays whole: the server says what is wrong. */
export function splitStatements(text: string): Statement[] {
  let parsed: readonly ParsedStatement[]
  try {
    parsed = (parseSync(text) as { readonly stmts?: readonly ParsedStatement[] }).stmts ?? []
  } catch {
    return [{ text, kind: '' }]
  }
  if (parsed.length === 1) return [{ text, kind: kindOf(parsed[0]!) }]
  // Places are counted in bytes of UTF-8.
  const bytes = Buffer.from(text, 'utf8')
  return parsed.map((statement) => {
    const start = statement.stmt_location ?? 0
    const end = statement.stmt_len ? start + statement.stmt_len : bytes.length
    return { text: bytes.subarray(start, end).toString('utf8').trim(), kind: kindOf(statement) }
  })
}

interface ParsedStatement {
  readonly stmt?: Readonly<Record<string, unknown>>
  readonly stmt_location?: number
  readonly stmt_len?: number
}

function kindOf({ stmt }: ParsedStatement): string {
  return Object.keys(stmt ?? {})[0] ?? ''
}

/** A string constant in SQL, by its offsets. */
export interface StringLiteral {
  readonly from: number
  readonly to: number
}

/** The string constants of a text; none when it cannot be taken apart. */
export function stringLiterals(text: string): StringLiteral[] {
  let tokens: readonly { readonly start: number; readonly end: number; readonly tokenName: string }[]
  try {
    tokens = scanSync(text).tokens
  } catch {
    return []
  }
  const literals = tokens.filter(({ tokenName }) => tokenName === 'SCONST')
  const bytes = Buffer.from(text, 'utf8')
  // Tokens are counted in bytes, text in UTF-16 units; they differ only where not all is ASCII.
  const at = (byte: number): number =>
    bytes.length === text.length ? byte : bytes.subarray(0, byte).toString('utf8').length
  return literals.map(({ start, end }) => ({ from: at(start), to: at(end) }))
}
