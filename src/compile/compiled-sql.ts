import type { Place } from '../core/problem.ts'
import { leadingWith } from './sql/syntax.ts'

/*
 * SQL that came out of a template, with the way back: which place in which file produced a character.
 */

export interface CompiledSql {
  readonly text: string
  /** The place in the project that produced the character at `offset`, or null where nobody wrote it. */
  readonly placeAt: (offset: number) => Place | null
}

/** A model that is not built but written into its readers. */
export interface EphemeralCte {
  readonly name: string
  readonly sql: CompiledSql
}

/** Puts ephemeral models in front of a query as CTEs, before those it has itself. */
export function injectCtes(query: CompiledSql, ctes: readonly EphemeralCte[]): CompiledSql {
  if (ctes.length === 0) return query
  const own = leadingWith(query.text)
  // Spaces and all as dbt writes it, so that compiled SQL can be compared.
  const at = own?.offset ?? query.text.length - query.text.trimStart().length
  const parts: Part[] = [{ sql: query, from: 0, to: at }]
  if (!own) parts.push(glue('with'))
  ctes.forEach(({ name, sql }, index) => {
    const isLast = index === ctes.length - 1
    const end = isLast ? (own ? ',' : ' ') : ', '
    // The closing bracket stands on its own line: the body may end in a line comment.
    parts.push(glue(` ${name} as (\n`), whole(withoutSemicolon(sql)), glue(`\n)${end}`))
  })
  parts.push({ sql: query, from: at, to: query.text.length })
  return concatenate(parts)
}

/** Wraps SQL in text of ours, keeping the way back for what is inside. */
export function wrapSql(before: string, inner: CompiledSql, after: string): CompiledSql {
  return concatenate([glue(before), whole(inner), glue(after)])
}

/** The query without the semicolon that people end files with; inside a CTE or a subquery it is an error. */
export function withoutSemicolon(sql: CompiledSql): CompiledSql {
  const text = sql.text.replace(/(?:\s*;)+\s*$/, '')
  return text.length === sql.text.length ? sql : { text, placeAt: sql.placeAt }
}

/** A piece of SQL that becomes another; from and to are offsets. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** SQL with pieces replaced, in the order in which they stand; everything else keeps its way back. */
export function editSql(sql: CompiledSql, edits: readonly Edit[]): CompiledSql {
  if (edits.length === 0) return sql
  let at = 0
  const parts = edits.flatMap(({ from, to, text }): Part[] => {
    const before = { sql, from: at, to: from }
    at = to
    return [before, whole({ text, placeAt: () => sql.placeAt(from) })]
  })
  return concatenate([...parts, { sql, from: at, to: sql.text.length }])
}

/** Text that no file wrote. */
export function plainSql(text: string): CompiledSql {
  return { text, placeAt: () => null }
}

interface Part {
  readonly sql: CompiledSql
  readonly from: number
  readonly to: number
}

function whole(sql: CompiledSql): Part {
  return { sql, from: 0, to: sql.text.length }
}

function glue(text: string): Part {
  return whole(plainSql(text))
}

function concatenate(parts: readonly Part[]): CompiledSql {
  const text = parts.map(({ sql, from, to }) => sql.text.slice(from, to)).join('')
  return {
    text,
    placeAt: (offset) => {
      let start = 0
      for (const { sql, from, to } of parts) {
        const end = start + to - from
        if (offset < end) return sql.placeAt(from + offset - start)
        start = end
      }
      return null
    },
  }
}
