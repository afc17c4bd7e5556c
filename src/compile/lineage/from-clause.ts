import { type Column, renamed, untraceableRest } from './columns.ts'
import { copyOf, type Influences, mergeInfluences, noInfluences } from './derivation.ts'
import {
  type CteList,
  type Environment,
  type KnownRelation,
  type Query,
  type RangeItem,
  type ScopeEntry,
  within,
} from './environment.ts'
import { influencesOf } from './expression.ts'
import { joinColumns } from './join.ts'
import { bodyOf, type Node, type NodeBody, selectIn, stringsOf, tagOf } from './parse-tree.ts'
import { jsonTable, tableFunction, xmlTable } from './table-function.ts'

/** What FROM brings into a query's scope, and what decides about the rows that it delivers. */
export interface From {
  readonly entries: readonly ScopeEntry[]
  readonly influences: Influences
}

/** Analyses a list of FROM; each entry can look at those before it if it is lateral. */
export function analyseFrom(nodes: readonly Node[], environment: Environment): From {
  const entries: ScopeEntry[] = []
  const influences: Influences[] = []
  for (const node of nodes) {
    const part = analyseItem(node, environment, entries)
    entries.push(...part.entries)
    influences.push(part.influences)
  }
  return { entries, influences: mergeInfluences(influences) }
}

/** One entry with everything below it; `item` is what a join sees of it. */
interface FromItem extends From {
  readonly item: RangeItem
}

function analyseItem(node: Node, environment: Environment, before: readonly ScopeEntry[]): FromItem {
  const tag = tagOf(node)
  const lateral = within(environment, before)
  switch (tag) {
    case 'RangeVar':
      return tableOrCte(bodyOf(node, tag)!, environment)
    case 'RangeSubselect': {
      const { subquery, alias, lateral: isLateral } = bodyOf(node, tag)!
      const select = selectIn(subquery)
      const query = select
        ? environment.session.query(select, isLateral ? lateral : environment)
        : unknownQuery
      return queryItem(query, alias?.aliasname ?? null, stringsOf(alias?.colnames))
    }
    case 'RangeFunction': {
      const range = bodyOf(node, tag)!
      const [call] = bodyOf(range.functions?.[0], 'List')?.items ?? []
      const ownName = stringsOf(bodyOf(call, 'FuncCall')?.funcname).at(-1) ?? null
      return queryItem(tableFunction(range, lateral), range.alias?.aliasname ?? ownName)
    }
    case 'RangeTableFunc': {
      const table = bodyOf(node, tag)!
      return queryItem(xmlTable(table, lateral), table.alias?.aliasname ?? 'xmltable')
    }
    case 'JsonTable': {
      const table = bodyOf(node, tag)!
      return queryItem(jsonTable(table, lateral), table.alias?.aliasname ?? 'json_table')
    }
    case 'RangeTableSample': {
      const { relation, args = [], repeatable } = bodyOf(node, tag)!
      const sampled = analyseItem(relation!, environment, before)
      const sampling = influencesOf(repeatable ? [...args, repeatable] : args, 'filter', lateral)
      return { ...sampled, influences: mergeInfluences([sampled.influences, sampling]) }
    }
    case 'JoinExpr':
      return joinItem(bodyOf(node, tag)!, environment, before)
    default:
      return queryItem(unknownQuery, null)
  }
}

const unknownQuery: Query = { columns: [untraceableRest], influences: noInfluences }

function single(item: RangeItem, influences: Influences): FromItem {
  return { item, entries: [{ item, columnsVisible: true, nameVisible: true }], influences }
}

function queryItem(query: Query, name: string | null, names: readonly string[] = []): FromItem {
  return single({ name, columns: renamed(query.columns, names), isTable: false }, query.influences)
}

function tableOrCte(range: NodeBody<'RangeVar'>, { session, ctes }: Environment): FromItem {
  const { schemaname, relname = '', alias } = range
  const names = stringsOf(alias?.colnames)
  const cte = schemaname === undefined ? findCte(ctes, relname) : null
  if (cte) return queryItem(cte.query(), alias?.aliasname ?? relname, names)
  const item: RangeItem = {
    name: alias?.aliasname ?? relname,
    ...(schemaname !== undefined && !alias && { schema: schemaname }),
    columns: renamed(tableColumns(session.lookUp({ schema: schemaname, name: relname })), names),
    isTable: true,
  }
  return single(item, noInfluences)
}

function findCte(ctes: CteList | null, name: string): CteList | null {
  for (let cte = ctes; cte; cte = cte.next) if (cte.name === name) return cte
  return null
}

function tableColumns({ relation, columns, isComplete }: KnownRelation): Column[] {
  const named = columns.map((column) => ({ name: column, derivation: copyOf({ relation, column }) }))
  return isComplete ? named : [...named, { name: null, column: (column) => copyOf({ relation, column }) }]
}

function joinItem(
  join: NodeBody<'JoinExpr'>,
  environment: Environment,
  before: readonly ScopeEntry[],
): FromItem {
  const left = analyseItem(join.larg!, environment, before)
  const right = analyseItem(join.rarg!, environment, [...before, ...left.entries])
  const below = [...left.entries, ...right.entries]
  const { merged, columns, influences } = joinColumns(join, left.item.columns, right.item.columns)
  for (const { derivation } of merged) environment.session.record(derivation)
  const condition = influencesOf(join.quals && [join.quals], 'join', within(environment, below))
  const all = mergeInfluences([left.influences, right.influences, influences, condition])
  const name = join.alias?.aliasname ?? null
  const item: RangeItem = { name, columns: renamed(columns, stringsOf(join.alias?.colnames)), isTable: false }
  // An alias hides what it is made from.
  if (name !== null) return single(item, all)
  const using = join.join_using_alias?.aliasname
  const usingEntry: ScopeEntry[] =
    using === undefined
      ? []
      : [{ item: { name: using, columns: merged, isTable: false }, columnsVisible: false, nameVisible: true }]
  return {
    item,
    influences: all,
    entries: [
      { item, columnsVisible: true, nameVisible: false },
      ...below.map((entry) => ({ ...entry, columnsVisible: false })),
      ...usingEntry,
    ],
  }
}
