import { type Column, isNamed, type NamedColumn, type RestOfColumns, renamed } from './columns.ts'
import { type Derivation, type Influences, influenceOf, merge, nothing, raised } from './derivation.ts'
import type { Environment, Query } from './environment.ts'
import { deriveAll } from './expression.ts'
import { returnedColumns } from './known-functions.ts'
import { outputName } from './output-name.ts'
import { bodyOf, childNodes, itemsOf, type Node, type NodeBody, stringsOf } from './parse-tree.ts'

/*
 * Functions in FROM. Every column is made from the arguments, and the arguments decide how many rows there are.
 */

/** `generate_series(…) as n`, `rows from (…) with ordinality`, `jsonb_to_recordset(…) as t (a int)`. */
export function tableFunction(range: NodeBody<'RangeFunction'>, environment: Environment): Query {
  const calls = (range.functions ?? []).map(itemsOf).flatMap(([call, definitions]) =>
    severalUnnests(call!).map((node) => ({
      node,
      defined: definedColumns([...itemsOf(definitions), ...(range.coldeflist ?? [])]),
    })),
  )
  const alias = calls.length === 1 ? range.alias?.aliasname : undefined
  const results = calls.map(({ node, defined }) => {
    const made = raised(deriveAll([node], environment), 'transformation')
    return { made, columns: columnsOfCall(node, defined, alias, made) }
  })
  const ordinality: Column[] = range.ordinality ? [{ name: 'ordinality', derivation: nothing }] : []
  const columns = [...results.flatMap((result) => result.columns), ...ordinality]
  const made = merge(results.map((result) => result.made))
  return {
    columns: extended(columns, stringsOf(range.alias?.colnames), made),
    influences: influenceOf(made, 'join'),
  }
}

/** `unnest(a, b)` is short for two calls side by side. */
function severalUnnests(node: Node): Node[] {
  const call = bodyOf(node, 'FuncCall')
  const [name, ...rest] = stringsOf(call?.funcname)
  if (!call || name !== 'unnest' || rest.length > 0 || (call.args ?? []).length < 2) return [node]
  return call.args!.map((arg) => ({ FuncCall: { ...call, args: [arg] } }))
}

function definedColumns(definitions: readonly Node[]): string[] {
  return definitions.flatMap((definition) => bodyOf(definition, 'ColumnDef')?.colname ?? [])
}

function columnsOfCall(
  node: Node,
  defined: readonly string[],
  alias: string | undefined,
  derivation: Derivation,
): Column[] {
  const named = (name: string): NamedColumn => ({ name, derivation })
  if (defined.length > 0) return defined.map(named)
  const call = bodyOf(node, 'FuncCall')
  const returned = call ? returnedColumns(stringsOf(call.funcname)) : 'one'
  if (returned === 'one') return [named(alias ?? outputName(node, () => ''))]
  if (returned !== 'unknown') return returned.map(named)
  // Whatever its columns are, they are made from the arguments.
  const rest: RestOfColumns = { name: null, column: () => derivation }
  return [rest]
}

/** Aliases of columns tell the first columns of a function that is not known. */
function extended(columns: readonly Column[], names: readonly string[], made: Derivation): readonly Column[] {
  const [first] = columns
  if (!first || isNamed(first)) return renamed(columns, names)
  return [...names.map((name) => ({ name, derivation: made })), ...columns]
}

/** `xmltable(…)`. */
export function xmlTable(table: NodeBody<'RangeTableFunc'>, environment: Environment): Query {
  const columns = (table.columns ?? []).flatMap((node) => bodyOf(node, 'RangeTableFuncCol') ?? [])
  const expressions = [
    ...[table.docexpr, table.rowexpr].filter((node) => node !== undefined),
    ...columns
      .flatMap(({ colexpr, coldefexpr }) => [colexpr, coldefexpr])
      .filter((node) => node !== undefined),
  ]
  return madeFrom(
    expressions,
    columns.map(({ colname }) => colname ?? ''),
    stringsOf(table.alias?.colnames),
    environment,
  )
}

/** `json_table(…)`: the columns of each level stand before those of the levels below it. */
export function jsonTable(table: NodeBody<'JsonTable'>, environment: Environment): Query {
  const names = (nodes: readonly Node[]): string[] => {
    const columns = nodes.flatMap((node) => bodyOf(node, 'JsonTableColumn') ?? [])
    const isNested = ({ coltype }: NodeBody<'JsonTableColumn'>) => coltype === 'JTC_NESTED'
    return [
      ...columns.filter((column) => !isNested(column)).map(({ name }) => name ?? ''),
      ...columns.filter(isNested).flatMap((column) => names(column.columns ?? [])),
    ]
  }
  return madeFrom(
    childNodes([table.context_item, table.passing]),
    names(table.columns ?? []),
    stringsOf(table.alias?.colnames),
    environment,
  )
}

function madeFrom(
  expressions: readonly Node[],
  names: readonly string[],
  aliases: readonly string[],
  environment: Environment,
): { readonly columns: readonly Column[]; readonly influences: Influences } {
  const derivation = raised(deriveAll(expressions, environment), 'transformation')
  const columns = names.map((name) => ({ name, derivation }))
  return { columns: renamed(columns, aliases), influences: influenceOf(derivation, 'join') }
}
