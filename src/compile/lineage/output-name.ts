import {
  bodyOf,
  type Node,
  type NodeBody,
  type NodeTag,
  type SelectStmt,
  selectIn,
  stringsOf,
  tagOf,
} from './parse-tree.ts'

/*
 * The name that PostgreSQL gives a column of a select list without `as`. A name is either the expression's own
 * or only a stand-in (a cast's type, `case`), which yields to a better one further out.
 */

interface Suggestion {
  readonly name: string
  readonly isOwn: boolean
}

/** The name of the first column of a subquery. */
export type FirstColumnName = (select: SelectStmt) => string

const anonymous = '?column?'

/** The name of a column that is computed by `node`. */
export function outputName(node: Node, firstColumn: FirstColumnName): string {
  return suggest(node, firstColumn)?.name ?? anonymous
}

function own(name: string | undefined): Suggestion | undefined {
  return name === undefined ? undefined : { name, isOwn: true }
}

/** What the expression is called after its kind. */
const namesOfKinds: Partial<Record<NodeTag, string>> = {
  GroupingFunc: 'grouping',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  CoalesceExpr: 'coalesce',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
}

const namesOfOperations: Readonly<Record<string, string>> = {
  IS_GREATEST: 'greatest',
  IS_LEAST: 'least',
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
  SVFOP_CURRENT_DATE: 'current_date',
  SVFOP_CURRENT_TIME: 'current_time',
  SVFOP_CURRENT_TIME_N: 'current_time',
  SVFOP_CURRENT_TIMESTAMP: 'current_timestamp',
  SVFOP_CURRENT_TIMESTAMP_N: 'current_timestamp',
  SVFOP_LOCALTIME: 'localtime',
  SVFOP_LOCALTIME_N: 'localtime',
  SVFOP_LOCALTIMESTAMP: 'localtimestamp',
  SVFOP_LOCALTIMESTAMP_N: 'localtimestamp',
  SVFOP_CURRENT_ROLE: 'current_role',
  SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'user',
  SVFOP_SESSION_USER: 'session_user',
  SVFOP_CURRENT_CATALOG: 'current_catalog',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
}

function suggest(node: Node | undefined, firstColumn: FirstColumnName): Suggestion | undefined {
  if (node === undefined) return undefined
  const again = (inner: Node | undefined) => suggest(inner, firstColumn)
  const tag = tagOf(node)
  switch (tag) {
    case 'ColumnRef':
      return own(stringsOf(bodyOf(node, tag)!.fields).at(-1))
    case 'A_Indirection': {
      const { arg, indirection } = bodyOf(node, tag)!
      return own(stringsOf(indirection).at(-1)) ?? again(arg)
    }
    case 'FuncCall':
      return own(stringsOf(bodyOf(node, tag)!.funcname).at(-1))
    case 'A_Expr':
      return bodyOf(node, tag)!.kind === 'AEXPR_NULLIF' ? own('nullif') : undefined
    case 'TypeCast': {
      const { arg, typeName } = bodyOf(node, tag)!
      return yielding(again(arg), stringsOf(typeName?.names).at(-1))
    }
    case 'CollateClause':
      return again(bodyOf(node, tag)!.arg)
    case 'CaseExpr':
      return yielding(again(bodyOf(node, tag)!.defresult), 'case')
    case 'SubLink':
      return subLinkName(bodyOf(node, tag)!, firstColumn)
    case 'MinMaxExpr':
    case 'XmlExpr':
    case 'JsonFuncExpr':
    case 'SQLValueFunction':
      return own(namesOfOperations[(Object.values(node)[0] as { readonly op?: string }).op ?? ''])
    default:
      return own(namesOfKinds[tag])
  }
}

/** The inner name if it is the expression's own, otherwise the stand-in. */
function yielding(inner: Suggestion | undefined, standIn: string | undefined): Suggestion | undefined {
  if (inner?.isOwn || standIn === undefined) return inner
  return { name: standIn, isOwn: false }
}

function subLinkName(
  { subLinkType, subselect }: NodeBody<'SubLink'>,
  firstColumn: FirstColumnName,
): Suggestion | undefined {
  if (subLinkType === 'EXISTS_SUBLINK') return own('exists')
  if (subLinkType === 'ARRAY_SUBLINK') return own('array')
  const select = selectIn(subselect)
  return subLinkType === 'EXPR_SUBLINK' && select ? own(firstColumn(select)) : undefined
}
