import type { Relation } from '../../core/node.ts'
import type { Place } from '../../core/problem.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { FixtureRow } from '../../core/unit-test-spec.ts'
import { createTable, relationIdent, type Session, sql } from '../../warehouse/index.ts'

/*
 * Rows that somebody wrote into YAML or CSV become a table with the types of the relation that they stand for.
 * PostgreSQL itself reads the values, so a date, an array or JSON is written as one would write it for a column.
 */

/** A column of a fixture. */
export interface FixtureColumn {
  readonly name: string
  readonly type: string
}

/** Makes and fills the table; throws a problem where a row names a column that is not there. */
export async function fillFixture(
  session: Session,
  table: Relation,
  columns: readonly FixtureColumn[],
  rows: readonly FixtureRow[],
  about: { readonly what: string; readonly place: Place },
): Promise<void> {
  const wide = columns.map(({ name, type }) => ({ name, type: withoutLength(type) }))
  const values = rows.map((row) => namedAsColumns(row, wide, about))
  await session.query(createTable(table, wide, { unlogged: true }))
  if (values.length === 0) return
  const json = JSON.stringify(values)
  await session.query(sql`
    insert into ${relationIdent(table)}
    select * from jsonb_populate_recordset(null::${relationIdent(table)}, ${json}::jsonb)`)
}

/** A text longer than its column is a mistake to see, not to cut. */
function withoutLength(type: string): string {
  return type.replace(/^(character varying|character)\(\d+\)/, 'character varying')
}

function namedAsColumns(
  row: FixtureRow,
  columns: readonly FixtureColumn[],
  { what, place }: { readonly what: string; readonly place: Place },
): FixtureRow {
  return Object.fromEntries(
    Object.entries(row).map(([written, value]) => {
      const column =
        columns.find(({ name }) => name === written) ??
        columns.find(({ name }) => name.toLowerCase() === written.toLowerCase())
      if (column) return [column.name, readable(value, column)]
      throw new ProblemError(
        makeProblem('unit-test-invalid', `${what} has no column '${written}'`, {
          place,
          hint: `its columns: ${columns.map(({ name }) => name).join(', ')}`,
        }),
      )
    }),
  )
}

/** JSON that is written as text is meant as JSON. */
function readable(value: unknown, { type }: FixtureColumn): unknown {
  if (typeof value !== 'string' || !/^jsonb?$/.test(type)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

/** The columns that rows have, with the types that their values look like; for relations that are not there yet. */
export function inferColumns(
  rows: readonly FixtureRow[],
  declared: readonly { readonly name: string; readonly dataType?: string }[],
): FixtureColumn[] {
  const names = [
    ...new Set([...declared.map(({ name }) => name), ...rows.flatMap((row) => Object.keys(row))]),
  ]
  return names.map((name) => ({
    name,
    type:
      declared.find((column) => column.name === name)?.dataType ??
      inferType(rows.map((row) => row[name]).filter((value) => value !== undefined && value !== null)),
  }))
}

const timePattern = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/

const typeGuesses: readonly { readonly type: string; readonly fits: (value: unknown) => boolean }[] = [
  { type: 'boolean', fits: (value) => typeof value === 'boolean' },
  // Values of a CSV are all text; a leading zero is part of a code.
  { type: 'bigint', fits: (value) => Number.isSafeInteger(value) || isText(value, /^-?(0|[1-9]\d{0,17})$/) },
  {
    type: 'numeric',
    fits: (value) => typeof value === 'number' || isText(value, /^-?(0|[1-9]\d*)(\.\d+)?$/),
  },
  { type: 'date', fits: (value) => isText(value, /^\d{4}-\d{2}-\d{2}$/) },
  { type: 'timestamp', fits: (value) => isText(value, timePattern) },
  { type: 'jsonb', fits: (value) => typeof value === 'object' },
]

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function inferType(values: readonly unknown[]): string {
  if (values.length === 0) return 'text'
  return typeGuesses.find(({ fits }) => values.every(fits))?.type ?? 'text'
}
