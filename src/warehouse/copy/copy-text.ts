import type { Relation } from '../../core/node.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { sqlLiteral, sqlText } from '../sql-text.ts'

/** The bytes that go in. */
export type CopyInFormat =
  | {
      readonly format: 'binary'
      /** Rows are old from the start, for whoever reads them; the table has to be made in the same transaction. */
      readonly freeze?: true
    }
  | { readonly format: 'text' }
  | {
      readonly format: 'csv'
      readonly delimiter?: string
      readonly header?: boolean
      /** The text that stands for null; unquoted empty fields by default. */
      readonly nullText?: string
      readonly quote?: string
      /** Columns in which a quoted field that reads like null is null as well. */
      readonly forceNull?: readonly string[]
      /** In which encoding the bytes are; that of the session without it. */
      readonly encoding?: string
      /** Rows with values that are none of their type are left out, with a notice for each (PostgreSQL 17). */
      readonly skipInvalid?: boolean
    }

export type CopyOutFormat =
  | 'binary'
  | 'csv'
  | 'text'
  /** CSV without a header, with separators of one's own. */
  | {
      readonly format: 'csv'
      readonly delimiter: string
      readonly quote: string
      /** The text that stands for null; empty by default. */
      readonly nullText?: string
    }

/** `copy schema.table (columns) from stdin with (…)`. */
export function copyInText(relation: Relation, columns: readonly string[], format: CopyInFormat): string {
  const target = sql.ident(relation.schema, relation.identifier)
  const list =
    columns.length > 0
      ? sql` (${sql.join(
          columns.map((name) => sql.ident(name)),
          ', ',
        )})`
      : sql``
  return sqlText(sql`copy ${target}${list} from stdin with (${sql.join(options(format), ', ')})`).text
}

/** `copy (query) to stdout with (…)`. */
export function copyOutText(query: SQLQuery, format: CopyOutFormat): string {
  const { text, values } = sqlText(
    sql`copy (${query}) to stdout with (${sql.join(optionsOut(format), ', ')})`,
  )
  if (values.length > 0) throw new Error('COPY takes no parameters')
  return text
}

function optionsOut(format: CopyOutFormat): SQLQuery[] {
  if (typeof format === 'string')
    return [sql`format ${word(format)}`, ...(format === 'csv' ? [sql`header`] : [])]
  const { delimiter, quote, nullText } = format
  return [
    sql`format csv`,
    sql`delimiter ${sqlLiteral(delimiter)}`,
    sql`quote ${sqlLiteral(quote)}`,
    ...(nullText === undefined ? [] : [sql`null ${sqlLiteral(nullText)}`]),
  ]
}

function options(format: CopyInFormat): SQLQuery[] {
  const list = [sql`format ${word(format.format)}`]
  if (format.format === 'binary' && format.freeze) list.push(sql`freeze`)
  if (format.format !== 'csv') return list
  if (format.header) list.push(sql`header`)
  if (format.delimiter !== undefined) list.push(sql`delimiter ${sqlLiteral(format.delimiter)}`)
  if (format.nullText !== undefined) list.push(sql`null ${sqlLiteral(format.nullText)}`)
  if (format.quote !== undefined) list.push(sql`quote ${sqlLiteral(format.quote)}`)
  if (format.forceNull?.length) list.push(sql`force_null (${columnNames(format.forceNull)})`)
  if (format.encoding !== undefined) list.push(sql`encoding ${sqlLiteral(format.encoding)}`)
  if (format.skipInvalid) list.push(sql`on_error ignore`, sql`log_verbosity verbose`)
  return list
}

const words = { binary: sql`binary`, csv: sql`csv`, text: sql`text` }

function word(format: keyof typeof words): SQLQuery {
  return words[format]
}

function columnNames(columns: readonly string[]): SQLQuery {
  return sql.join(
    columns.map((name) => sql.ident(name)),
    ', ',
  )
}
