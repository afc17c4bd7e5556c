import { isNamed } from './columns.ts'
import {
  type Derivation,
  type Influences,
  influenced,
  influenceOf,
  merge,
  nothing,
  raised,
  unknown,
} from './derivation.ts'
import { type Environment, expandAll, expandItem, isItem, resolve } from './environment.ts'
import { isAggregate } from './known-functions.ts'
import {
  bodyOf,
  childNodes,
  columnPath,
  type Node,
  type NodeBody,
  selectIn,
  stringsOf,
  tagOf,
  type WindowDef,
} from './parse-tree.ts'

/** What the value of an expression is made from. */
export function derive(node: Node, environment: Environment): Derivation {
  const tag = tagOf(node)
  switch (tag) {
    case 'ColumnRef':
      return columnReference(bodyOf(node, tag)!, environment)
    case 'A_Indirection':
      return indirection(bodyOf(node, tag)!, environment)
    case 'FuncCall':
      return functionCall(bodyOf(node, tag)!, environment)
    case 'SubLink':
      return subLink(bodyOf(node, tag)!, environment)
    case 'SelectStmt': {
      // The query of JSON_ARRAY(select …).
      const { columns, influences } = environment.session.query(bodyOf(node, tag)!, environment)
      const all = merge(columns.filter(isNamed).map(({ derivation }) => derivation))
      return influenced(raised(all, 'aggregation'), influences)
    }
    case 'JsonArrayAgg':
    case 'JsonObjectAgg':
      return raised(deriveAll(childNodes(bodyOf(node, tag)), environment), 'aggregation')
    default:
      return raised(deriveAll(childNodes(Object.values(node)), environment), 'transformation')
  }
}

/** What a value computed from all of the expressions is made from. */
export function deriveAll(nodes: readonly Node[] | undefined, environment: Environment): Derivation {
  return merge((nodes ?? []).map((node) => derive(node, environment)))
}

/** What an expression decides in a role; nothing when it is not there. */
export function influencesOf(
  nodes: readonly Node[] | undefined,
  role: Parameters<typeof influenceOf>[1],
  environment: Environment,
): Influences {
  return influenceOf(deriveAll(nodes, environment), role)
}

function columnReference({ fields, location = 0 }: NodeBody<'ColumnRef'>, environment: Environment) {
  const { path, hasStar } = columnPath(fields)
  if (!hasStar) return resolve(path, location, environment)
  const columns = path.length === 0 ? expandAll(environment) : expandItem(path, environment)
  if (columns) return merge(columns.map((column) => (isNamed(column) ? column.derivation : unknown)))
  environment.session.unresolved(`${path.join('.')}.*`, location)
  return unknown
}

/** `(t).a` is a column when t is an entry of FROM; anything else takes a part of a value. */
function indirection({ arg, indirection: parts }: NodeBody<'A_Indirection'>, environment: Environment) {
  const reference = bodyOf(arg, 'ColumnRef')
  const [field] = stringsOf(parts?.slice(0, 1))
  if (reference && field !== undefined) {
    const { path } = columnPath(reference.fields)
    const isColumn = path.length === 1 && isOwnColumn(path[0]!, environment)
    if (!isColumn && isItem(path, environment))
      return resolve([...path, field], reference.location ?? 0, environment)
  }
  const derivation = deriveAll([...(arg ? [arg] : []), ...(parts ?? [])], environment)
  return raised(derivation, 'transformation')
}

/** Whether a bare name means a column, which goes before an entry of FROM of the same name. */
function isOwnColumn(name: string, { scope }: Environment): boolean {
  for (let level = scope; level; level = level.parent)
    for (const { item, columnsVisible } of level.entries)
      if (columnsVisible && item.columns.some((column) => column.name === name)) return true
  return false
}

function functionCall(call: NodeBody<'FuncCall'>, environment: Environment): Derivation {
  const isOrderedSet = call.agg_within_group === true
  const isGathering = isOrderedSet || call.agg_star === true || isAggregate(stringsOf(call.funcname))
  const values = deriveAll(
    [...(call.args ?? []), ...(isOrderedSet ? (call.agg_order ?? []) : [])],
    environment,
  )
  return influenced(
    raised(values, isGathering ? 'aggregation' : 'transformation'),
    influencesOf(isOrderedSet ? [] : call.agg_order, 'order', environment),
    influencesOf(call.agg_filter && [call.agg_filter], 'filter', environment),
    call.over ? windowInfluences(call.over, environment) : nothing.influences,
  )
}

/** What decides which rows a window function sees, and in which order; a named window brings its own. */
export function windowInfluences(window: WindowDef, environment: Environment): Influences {
  const { name, refname, partitionClause = [], orderClause = [], startOffset, endOffset } = window
  const offsets = [startOffset, endOffset].filter((offset) => offset !== undefined)
  const own = influencesOf([...partitionClause, ...orderClause, ...offsets], 'window', environment)
  const base = environment.windows.get(refname ?? name ?? '')
  if (!base || base === window) return own
  return influenced({ ...nothing, influences: own }, windowInfluences(base, environment)).influences
}

function subLink({ subLinkType, testexpr, subselect }: NodeBody<'SubLink'>, environment: Environment) {
  const select = selectIn(subselect)
  if (!select) return unknown
  const { columns, influences } = environment.session.query(select, environment)
  const all = (): Derivation =>
    merge(columns.map((column) => (isNamed(column) ? column.derivation : unknown)))
  switch (subLinkType) {
    case 'EXISTS_SUBLINK':
      return influenced(nothing, influences)
    case 'EXPR_SUBLINK':
      return influenced(all(), influences)
    case 'ARRAY_SUBLINK':
      return influenced(raised(all(), 'aggregation'), influences)
    default: {
      const tested = deriveAll(testexpr && [testexpr], environment)
      return influenced(raised(merge([tested, all()]), 'transformation'), influences)
    }
  }
}
