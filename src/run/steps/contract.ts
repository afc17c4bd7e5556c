import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import {
  type CatalogColumn,
  columnList,
  columnsOf,
  createView,
  dropRelation,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
  unsafeSql,
} from '../../warehouse/index.ts'
import { partRelation } from '../relations.ts'
import type { RunContext } from '../run-context.ts'
import { textTable } from '../text-table.ts'
import { columnName, tableElements } from './constraints.ts'

/*
 * A contract: the columns and types that a model's YAML promises. What the SQL gives is known without running it,
 * so a broken contract is found before anything is built.
 */

/** Throws a problem with a table of the differences when the SQL does not give what is promised. */
export async function checkContract(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<void> {
  if (!node.contractEnforced) return
  const untyped = node.columns.filter(({ dataType }) => dataType === undefined).map(({ name }) => name)
  if (untyped.length > 0 || node.columns.length === 0) throw broken(node, untypedTable(untyped), context)
  const view = partRelation(build, 'contract')
  const found = await columnsOfView(session, view, compiled.text)
  const declared = await declaredColumns(session, node, view)
  const differences = compareColumns(declared, found)
  if (differences.length > 0)
    throw broken(node, textTable(['column', 'declared', 'found'], differences), context)
}

/** Makes a table with the columns and constraints that are declared, and fills it. Returns the number of rows. */
export async function buildContractTable(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  table: Relation,
  context: RunContext,
): Promise<number> {
  return fillContractTable(session, node, unsafeSql(compiled.text), table, context)
}

/** The same from a query made here. */
export async function fillContractTable(
  session: Session,
  node: ModelNode,
  query: SQLQuery,
  table: Relation,
  context: RunContext,
): Promise<number> {
  const unlogged = node.unlogged ? sql`unlogged ` : sql``
  const elements = sql.join(tableElements(node, context), sql`,\n  `)
  await session.query(sql`create ${unlogged}table ${relationIdent(table)} (\n  ${elements}\n)`)
  const columns = columnList(node.columns.map(columnName))
  const { rowCount } = await session.query(sql`
insert into ${relationIdent(table)} (${columns})
select ${columns}
from (
${query}
) as model_subq`)
  return rowCount
}

async function columnsOfView(
  session: Session,
  view: Relation,
  query: string,
): Promise<readonly CatalogColumn[]> {
  await session.query(createView(view, unsafeSql(query)))
  const columns = (await columnsOf(session, view)) ?? []
  await session.query(dropRelation(view, 'view'))
  return columns
}

/** The declared types under the names that PostgreSQL gives them: `int` is `integer`. */
function declaredColumns(
  session: Session,
  { columns }: ModelNode,
  view: Relation,
): Promise<readonly CatalogColumn[]> {
  const nulls = columns.map((column) => `cast(null as ${column.dataType}) as "${columnName(column)}"`)
  return columnsOfView(session, view, `select ${nulls.join(', ')}`)
}

type Difference = readonly [column: string, declared: string, found: string]

function compareColumns(
  declared: readonly CatalogColumn[],
  found: readonly CatalogColumn[],
): readonly Difference[] {
  const missing = declared.flatMap(({ name, type }): Difference[] => {
    const column = found.find((other) => other.name === name)
    if (!column) return [[name, type, '(missing)']]
    return baseType(column.type) === baseType(type) ? [] : [[name, type, column.type]]
  })
  const more = found
    .filter(({ name }) => !declared.some((other) => other.name === name))
    .map(({ name, type }): Difference => [name, '(not declared)', type])
  return [...missing, ...more]
}

/** Types that dbt does not tell apart; the table has the one that is declared. */
const sameFamily: readonly (readonly string[])[] = [
  ['text', 'character varying', 'character', 'name'],
  ['integer', 'smallint'],
  ['double precision', 'real'],
]

/** Lengths and precisions are not compared: SQL seldom states them, and the table has those that are declared. */
function baseType(type: string): string {
  const plain = type.replace(/\(\d+(,-?\d+)?\)/, '')
  return sameFamily.find((family) => family.includes(plain))?.[0] ?? plain
}

function untypedTable(names: readonly string[]): string[] {
  return names.length === 0
    ? ['it declares no columns']
    : textTable(
        ['column', 'declared'],
        names.map((name) => [name, '(no data_type)']),
      )
}

function broken(node: ModelNode, lines: readonly string[], { renderer }: RunContext): ProblemError {
  return new ProblemError(
    renderer.problem('contract-broken', `${node.name} breaks its contract`, node.place, lines.join('\n')),
  )
}
