import {
  type Column,
  columnAt,
  derivationsOf,
  findColumn,
  isNamed,
  isRest,
  type RestOfColumns,
  untraceableRest,
} from './columns.ts'
import {
  type Derivation,
  type Influences,
  influenceOf,
  merge,
  mergeInfluences,
  nothing,
  unknown,
} from './derivation.ts'
import { type Environment, expandAll, expandItem, type Query, within } from './environment.ts'
import { derive, deriveAll, influencesOf, windowInfluences } from './expression.ts'
import { analyseFrom } from './from-clause.ts'
import { returnedColumns } from './known-functions.ts'
import { outputName } from './output-name.ts'
import {
  bodyOf,
  columnPath,
  integerIn,
  itemsOf,
  type Node,
  type NodeBody,
  type SelectStmt,
  stringsOf,
  tagOf,
} from './parse-tree.ts'
import { withCtes } from './with-clause.ts'

/** The columns of a query and what decides about its rows. */
export function analyseQuery(select: SelectStmt, outer: Environment): Query {
  const environment = select.withClause ? withCtes(select.withClause, outer) : outer
  if (select.valuesLists) return valuesQuery(select, environment)
  if (select.op !== undefined && select.op !== 'SETOP_NONE') return setOperation(select, environment)
  return plainSelect(select, environment)
}

function plainSelect(select: SelectStmt, outer: Environment): Query {
  const from = analyseFrom(select.fromClause ?? [], outer)
  const windows = (select.windowClause ?? []).map((node) => bodyOf(node, 'WindowDef')!)
  const environment: Environment = {
    ...within(outer, from.entries),
    windows: new Map(windows.map((window) => [window.name ?? '', window])),
  }
  const columns = (select.targetList ?? []).flatMap((node) =>
    targetColumns(bodyOf(node, 'ResTarget')!, environment),
  )
  // A window that nothing uses still names its columns.
  for (const window of windows) windowInfluences(window, environment)
  const filters = [select.whereClause, select.havingClause].filter((node) => node !== undefined)
  return {
    columns,
    influences: mergeInfluences([
      from.influences,
      influencesOf(filters, 'filter', environment),
      ...groupInfluences(select, columns, environment),
      ...sortInfluences(select, columns, environment),
    ]),
  }
}

function targetColumns({ name, val }: NodeBody<'ResTarget'>, environment: Environment): readonly Column[] {
  const star = starColumns(val!, environment)
  if (star) return star
  return [{ name: name ?? nameOf(val!, environment), derivation: derive(val!, environment) }]
}

function nameOf(node: Node, environment: Environment): string {
  return outputName(node, (select) => {
    const quiet = {
      ...environment,
      session: { ...environment.session, record: () => {}, unresolved: () => {} },
    }
    return environment.session.query(select, quiet).columns[0]?.name ?? ''
  })
}

/** The columns of `*`, `t.*` and `(value).*`; null for anything else. */
function starColumns(node: Node, environment: Environment): readonly Column[] | null {
  const reference = bodyOf(node, 'ColumnRef')
  if (reference) {
    const { path, hasStar } = columnPath(reference.fields)
    if (!hasStar) return null
    const columns = path.length === 0 ? expandAll(environment) : expandItem(path, environment)
    if (!columns) environment.session.unresolved(`${path.join('.')}.*`, reference.location ?? 0)
    return columns ?? [untraceableRest]
  }
  const { arg, indirection = [] } = bodyOf(node, 'A_Indirection') ?? {}
  const last = indirection.at(-1)
  if (!arg || !last || tagOf(last) !== 'A_Star') return null
  return compositeColumns(arg, indirection.length === 1, environment)
}

/** The fields of a value: known for a row of FROM and for some functions. */
function compositeColumns(arg: Node, isDirect: boolean, environment: Environment): readonly Column[] {
  const reference = bodyOf(arg, 'ColumnRef')
  const columns = reference && isDirect ? expandItem(columnPath(reference.fields).path, environment) : null
  if (columns) return columns
  const derivation = derive(arg, environment)
  const call = bodyOf(arg, 'FuncCall')
  const returned = call && isDirect ? returnedColumns(stringsOf(call.funcname)) : 'unknown'
  if (Array.isArray(returned)) return returned.map((name: string) => ({ name, derivation }))
  const rest: RestOfColumns = { name: null, column: () => derivation }
  return [rest]
}

function groupInfluences(
  select: SelectStmt,
  columns: readonly Column[],
  environment: Environment,
): Influences[] {
  const groups = (select.groupClause ?? []).flatMap(groupedExpressions)
  const derivations = groups.map((node) => groupedValue(node, columns, environment))
  const distinct = select.distinctClause ?? []
  // Plain DISTINCT is a list with one empty entry.
  const isPlain = distinct.some((node) => Object.keys(node).length === 0)
  derivations.push(
    ...(isPlain ? derivationsOf(columns) : distinct.map((node) => sortedValue(node, columns, environment))),
  )
  return derivations.map((derivation) => influenceOf(derivation, 'group'))
}

/** The expressions in ROLLUP, CUBE, GROUPING SETS and plain lists. */
function groupedExpressions(node: Node): Node[] {
  const set = bodyOf(node, 'GroupingSet')
  if (set) return (set.content ?? []).flatMap(groupedExpressions)
  const row = bodyOf(node, 'RowExpr')
  return row?.row_format === 'COERCE_IMPLICIT_CAST' ? (row.args ?? []) : [node]
}

/** GROUP BY takes a bare name for a column of FROM first, then for one of the select list. */
function groupedValue(node: Node, columns: readonly Column[], environment: Environment): Derivation {
  const name = bareName(node)
  const isInFrom =
    name !== undefined &&
    environment.scope?.entries.some(
      ({ item, columnsVisible }) => columnsVisible && findColumn(item.columns, name).kind === 'found',
    )
  return isInFrom ? derive(node, environment) : sortedValue(node, columns, environment)
}

/** ORDER BY and DISTINCT ON take a bare name for a column of the select list first, and a number for its position. */
function sortedValue(node: Node, columns: readonly Column[], environment: Environment): Derivation {
  const position = integerIn(node)
  if (position !== undefined) return columnAt(columns, position)?.derivation ?? unknown
  const name = bareName(node)
  const output = name === undefined ? undefined : columns.find((column) => column.name === name)
  return output && isNamed(output) ? output.derivation : derive(node, environment)
}

function bareName(node: Node): string | undefined {
  const reference = bodyOf(node, 'ColumnRef')
  const { path, hasStar } = columnPath(reference?.fields)
  return path.length === 1 && !hasStar ? path[0] : undefined
}

function sortInfluences(
  select: SelectStmt,
  columns: readonly Column[],
  environment: Environment,
): Influences[] {
  const sorted = (select.sortClause ?? []).map((node) => bodyOf(node, 'SortBy')!.node!)
  const limits = [select.limitCount, select.limitOffset].filter((node) => node !== undefined)
  return [
    ...sorted.map((node) => influenceOf(sortedValue(node, columns, environment), 'order')),
    influencesOf(limits, 'filter', environment),
  ]
}

function valuesQuery(select: SelectStmt, environment: Environment): Query {
  const rows = (select.valuesLists ?? []).map(itemsOf)
  const columns = (rows[0] ?? []).map((_, index) => ({
    name: `column${index + 1}`,
    derivation: deriveAll(
      rows.flatMap((row) => row[index] ?? []),
      environment,
    ),
  }))
  return { columns, influences: mergeInfluences(sortInfluences(select, columns, environment)) }
}

function setOperation(select: SelectStmt, environment: Environment): Query {
  const left = environment.session.query(select.larg!, environment)
  const right = environment.session.query(select.rarg!, environment)
  const isExcept = select.op === 'SETOP_EXCEPT'
  const columns = isExcept ? left.columns : sideBySide(left.columns, right.columns)
  // Anything but UNION ALL compares whole rows.
  const compared = select.op === 'SETOP_UNION' && select.all ? [] : [...left.columns, ...right.columns]
  return {
    columns,
    influences: mergeInfluences([
      left.influences,
      right.influences,
      ...derivationsOf(compared).map((derivation) => influenceOf(derivation, isExcept ? 'filter' : 'group')),
      // Here ORDER BY can name columns of the result only.
      ...sortInfluences(select, columns, { ...environment, scope: null }),
    ]),
  }
}

/** Columns by position, named by the left side. */
function sideBySide(left: readonly Column[], right: readonly Column[]): readonly Column[] {
  const known = Math.min(...[left, right].map((columns) => endOfKnown(columns)))
  const together = left.slice(0, known).map((column, index) => ({
    name: column.name!,
    derivation: merge([column, right[index]!].map((each) => (isNamed(each) ? each.derivation : nothing))),
  }))
  const later = left.slice(known)
  if (later.length === 0 && right.length === known) return together
  // Which columns meet here depends on how many an unexpanded star stands for.
  return [
    ...together,
    ...later.filter(isNamed).map(({ name }) => ({ name, derivation: unknown })),
    ...([...left, ...right].some(isRest) ? [untraceableRest] : []),
  ]
}

function endOfKnown(columns: readonly Column[]): number {
  const rest = columns.findIndex(isRest)
  return rest === -1 ? columns.length : rest
}
