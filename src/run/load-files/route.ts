import { closest } from 'fastest-levenshtein'
import type { FieldMapping } from '../../core/load-spec.ts'
import { type SQLQuery, sql, sqlLiteral } from '../../warehouse/index.ts'
import { valueSql } from './value-sql.ts'

/*
 * How the fields of a file get into the columns of a table.
 *
 *   direct   COPY into the table, with the table's columns in the order of the file's fields
 *   staged   COPY into a table of the session, as texts or as JSON; then INSERT … SELECT. For what COPY cannot do:
 *            values that are written otherwise, fields that no column asks for or several do, values within JSON
 */

export type Route =
  | { readonly kind: 'direct'; readonly columns: readonly string[] }
  | {
      readonly kind: 'staged'
      /** The columns of the staging table; its row number comes besides. */
      readonly staging: readonly { readonly name: string; readonly type: string; readonly field: string }[]
      /** Those in which an empty value is none, in whatever way it is written. */
      readonly emptyIsNull: readonly string[]
      /** Of each column of the table that is filled from fields, its value. */
      readonly values: readonly { readonly column: string; readonly value: SQLQuery }[]
    }

/** A mapping with the type of its column. */
export type TypedField = FieldMapping & { readonly type: string }

/** What does not fit between the fields of a file and the columns of the table. */
export interface FieldsProblem {
  readonly message: string
  readonly hint: string
}

/** What speaks against loading a file with these fields; null for nothing. */
export function fieldsProblem(
  fields: readonly string[],
  mappings: readonly FieldMapping[],
  unknown: 'refuse' | 'ignore',
): FieldsProblem | null {
  const wanted = mappings.filter(({ origin }) => origin === 'field')
  const twice = fields.find((name, index) => fields.indexOf(name) < index)
  if (twice !== undefined)
    return { message: `the header has '${twice}' twice`, hint: 'give one of the fields another name' }
  const missing = wanted.find(({ path }) => !fields.includes(path[0]!))
  if (missing) {
    const separator =
      fields.length === 1 && wanted.length > 1
        ? [';', '\t', '|', ','].find((one) => fields[0]!.includes(one))
        : undefined
    if (separator !== undefined)
      return {
        message: `the header has one field only, '${fields[0]}'`,
        hint: `is it separated otherwise? delimiter: ${JSON.stringify(separator)}`,
      }
    const near = closest(missing.path[0]!, fields)
    return {
      message: `the header has no field '${missing.path[0]}', which column '${missing.column}' is made from`,
      hint: `${near ? `did you mean from: '${near}'? ` : ''}the header has ${fields.map((name) => `'${name}'`).join(', ')}`,
    }
  }
  const asked = new Set(wanted.map(({ path }) => path[0]))
  const strangers = fields.filter((name) => !asked.has(name))
  if (strangers.length === 0 || unknown === 'ignore') return null
  return {
    message: `the header has ${strangers.map((name) => `'${name}'`).join(', ')}, which no column is made from`,
    hint: 'declare a column for it, or say unknown_fields: ignore',
  }
}

/** Chooses the way; `fields` fit the mappings. */
export function routeOf(fields: readonly string[] | 'document', mappings: readonly TypedField[]): Route {
  const wanted = mappings.filter(({ origin }) => origin === 'field')
  if (fields === 'document')
    return {
      kind: 'staged',
      staging: [{ name: 'document', type: 'jsonb', field: '$' }],
      emptyIsNull: [],
      values: wanted.map((mapping) => ({ column: mapping.column, value: jsonValue(mapping) })),
    }
  const byField = new Map(wanted.map((mapping) => [mapping.path[0]!, mapping.column]))
  const isDirect =
    byField.size === wanted.length &&
    fields.every((name) => byField.has(name)) &&
    wanted.every(({ format }) => format === undefined)
  if (isDirect) return { kind: 'direct', columns: fields.map((name) => byField.get(name)!) }
  return {
    kind: 'staged',
    staging: fields.map((field, index) => ({ name: fieldColumn(index), type: 'text', field })),
    emptyIsNull: wanted.flatMap(({ path, type }) =>
      isText(type) ? [] : [fieldColumn(fields.indexOf(path[0]!))],
    ),
    values: wanted.map(({ column, path, type, format }) => ({
      column,
      value: valueSql(sql.ident('staged', fieldColumn(fields.indexOf(path[0]!))), type, format),
    })),
  }
}

/** Whether an empty value is a value of the type. */
export function isText(type: string): boolean {
  return /^(text|char|varchar|bpchar|name|citext)/i.test(type)
}

function fieldColumn(index: number): string {
  return `field_${index + 1}`
}

function jsonValue({ path, type, format }: TypedField): SQLQuery {
  const document = sql.ident('staged', 'document')
  const steps = sql`array[${sql.join(path.map(sqlLiteral), ', ')}]::text[]`
  if (/^jsonb?$/i.test(type)) {
    const part = path.length === 0 ? document : sql`nullif(${document} #> ${steps}, 'null')`
    return type.toLowerCase() === 'json' ? sql`(${part})::json` : part
  }
  return valueSql(sql`${document} #>> ${steps}`, type, format)
}
