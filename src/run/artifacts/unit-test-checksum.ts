import { createHash } from 'node:crypto'
import { fromJs, repr } from '../../compile/dialect/index.ts'
import type { UnitTestNode } from '../../core/node.ts'
import type { FixtureRow, FixtureRows } from '../../core/unit-test-spec.ts'

/** dbt puts the first row without nulls first, so that databases see the columns' types in it. */
export function fullRowFirst(rows: readonly FixtureRow[]): readonly FixtureRow[] {
  const index = rows.findIndex((row) => Object.values(row).every((value) => value !== null))
  if (index <= 0) return rows
  return rows.map((row, at) => (at === 0 ? rows[index]! : at === index ? rows[0]! : row))
}

/**
 * The hash by which dbt tells whether a unit test is still the same: of its model, versions, rows and overrides, as
 * Python prints its objects. Dates and whole floats without quotes are other values for dbt than for us.
 */
export function unitTestChecksum({ model, versions, given, expect, overrides }: UnitTestNode): string {
  const { macros, vars, envVars } = overrides
  const isOverridden = [macros, vars, envVars].some((values) => Object.keys(values).length > 0)
  const parts = [
    model,
    versions ? printed('UnitTestNodeVersions', versionFields(versions)) : 'None',
    `[${given.map(({ input, rows }) => printed('UnitTestInputFixture', [['input', text(input)], ...fields(rows)])).join(', ')}]`,
    printed('UnitTestOutputFixture', fields(expect)),
    isOverridden
      ? printed('UnitTestOverrides', [
          ['macros', value(macros)],
          ['vars', value(vars)],
          ['env_vars', value(envVars)],
        ])
      : 'None',
  ]
  const inFiles = given.filter(({ rows }) => rows.fixture !== undefined)
  const data = [parts.join('-'), ...inFiles.map(({ rows }) => rowsOf(rows, plainText))].join('-')
  return createHash('sha256').update(data).digest('hex')
}

type Field = readonly [name: string, printed: string]

function fields(rows: FixtureRows): Field[] {
  return [
    ['rows', rowsOf(rows, text)],
    ['format', formats[rows.format]],
    ['fixture', rows.fixture === undefined ? 'None' : text(rows.fixture)],
  ]
}

const formats: Readonly<Record<FixtureRows['format'], string>> = {
  dict: "<UnitTestFormat.Dict: 'dict'>",
  csv: "<UnitTestFormat.CSV: 'csv'>",
  sql: "<UnitTestFormat.SQL: 'sql'>",
}

function rowsOf(rows: FixtureRows, ofText: (value: string) => string): string {
  switch (rows.kind) {
    case 'rows':
      return value(fullRowFirst(rows.rows))
    case 'sql':
      return ofText(rows.sql)
    case 'seed':
      return 'None'
  }
}

function versionFields({ include, exclude }: NonNullable<UnitTestNode['versions']>): Field[] {
  return [
    ['include', value(include ?? null)],
    ['exclude', value(exclude ?? null)],
  ]
}

function printed(name: string, list: readonly Field[]): string {
  return `${name}(${list.map(([field, shown]) => `${field}=${shown}`).join(', ')})`
}

function value(of: unknown): string {
  return repr(fromJs(of))
}

const text = (of: string): string => repr(fromJs(of))
const plainText = (of: string): string => of
