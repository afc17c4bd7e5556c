// How an expression was written, told from its tree in the words that dbt has for it in `unrendered_config`.
import type {
  ArgumentsNode,
  AttributeNode,
  BinaryNode,
  CallNode,
  CompareNode,
  FilterNode,
  InlineIfNode,
  ListNode,
  LiteralNode,
  LookupNode,
  Node,
  PairNode,
  SliceNode,
  SymbolNode,
  TestNode,
  UnaryNode,
} from './nodes.ts'
import { repr } from './values/repr.ts'
import type { Value } from './values/value.ts'

/** An argument as it is written; a plain text without its quotes. */
export function writtenArgument(node: Node): string {
  return node.typename === 'Literal' ? writtenValue((node as LiteralNode).value) : source(node)
}

/** The same of a value; as it is written there, a text has no quotes. */
export function writtenValue(value: Value): string {
  return typeof value === 'string' ? value : repr(value)
}

/** The source of an expression as far as dbt puts it together again, else its tree. */
function source(node: Node): string {
  return (sources[node.typename] ?? tree)(node)
}

const list = (nodes: readonly Node[]): string => nodes.map(source).join(', ')

const sources: Readonly<Record<string, (node: Node) => string>> = {
  Literal: (node) => repr((node as LiteralNode).value),
  Symbol: (node) => (node as SymbolNode).value,
  FunCall: (node) => {
    const { name, args } = node as CallNode
    const parts = [
      ...args.positional.map(source),
      ...args.keywords.map((keyword) => `${keyword.name}=${source(keyword.value)}`),
      ...(args.star ? [`*${source(args.star)}`] : []),
      ...(args.doubleStar ? [`**${source(args.doubleStar)}`] : []),
    ]
    return `${source(name)}(${parts.join(', ')})`
  },
  Array: (node) => `[${list((node as ListNode).children)}]`,
  Tuple: (node) => {
    const { children } = node as ListNode
    return children.length === 1 ? `(${source(children[0]!)},)` : `(${list(children)})`
  },
  Dict: (node) => {
    const pairs = (node as ListNode).children as unknown as readonly PairNode[]
    return `{${pairs.map(({ key, value }) => `${source(key)}: ${source(value)}`).join(', ')}}`
  },
  Attribute: (node) => `${source((node as AttributeNode).target)}.${(node as AttributeNode).name}`,
  LookupVal: (node) => `${source((node as LookupNode).target)}[${source((node as LookupNode).val)}]`,
  Join: (node) => (node as ListNode).children.map(source).join(' ~ '),
  Compare: (node) => {
    const { expr, ops } = node as CompareNode
    return [source(expr), ...ops.map((op) => `${op.type} ${source(op.expr)}`)].join(' ')
  },
  Not: (node) => `not ${source((node as UnaryNode).target)}`,
  Neg: (node) => `-${source((node as UnaryNode).target)}`,
  And: (node) => `${source((node as BinaryNode).left)} and ${source((node as BinaryNode).right)}`,
  Or: (node) => `${source((node as BinaryNode).left)} or ${source((node as BinaryNode).right)}`,
}

const comparisons: Readonly<Record<string, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'lteq',
  '>': 'gt',
  '>=': 'gteq',
  in: 'in',
  'not in': 'notin',
}

const trees = (nodes: readonly Node[]): string => `[${nodes.map(tree).join(', ')}]`
const maybe = (node: Node | null): string => (node === null ? 'None' : tree(node))
const binary =
  (name: string) =>
  (node: Node): string =>
    `${name}(left=${tree((node as BinaryNode).left)}, right=${tree((node as BinaryNode).right)})`
const unary =
  (name: string) =>
  (node: Node): string =>
    `${name}(node=${tree((node as UnaryNode).target)})`

function givenArguments({ positional, keywords, star, doubleStar }: ArgumentsNode): string {
  const named = keywords.map(({ name, value }) => `Keyword(key=${repr(name)}, value=${tree(value)})`)
  return `args=${trees(positional)}, kwargs=[${named.join(', ')}], dyn_args=${maybe(star)}, dyn_kwargs=${maybe(doubleStar)}`
}

/** The tree of an expression as Jinja prints it. */
function tree(node: Node): string {
  return printers[node.typename]?.(node) ?? node.typename
}

const printers: Readonly<Record<string, (node: Node) => string>> = {
  Literal: (node) => `Const(value=${repr((node as LiteralNode).value)})`,
  Symbol: (node) => `Name(name=${repr((node as SymbolNode).value)}, ctx='load')`,
  FunCall: (node) =>
    `Call(node=${tree((node as CallNode).name)}, ${givenArguments((node as CallNode).args)})`,
  FilterCall: (node) => {
    const { name, target, args } = node as FilterNode
    return `Filter(node=${maybe(target)}, name=${repr(name)}, ${givenArguments(args)})`
  },
  Test: (node) => {
    const { name, target, args } = node as TestNode
    return `Test(node=${tree(target)}, name=${repr(name)}, ${givenArguments(args)})`
  },
  Attribute: (node) => {
    const { target, name } = node as AttributeNode
    return `Getattr(node=${tree(target)}, attr=${repr(name)}, ctx='load')`
  },
  LookupVal: (node) => {
    const { target, val } = node as LookupNode
    return `Getitem(node=${tree(target)}, arg=${tree(val)}, ctx='load')`
  },
  Slice: (node) => {
    const { start, stop, step } = node as SliceNode
    return `Slice(start=${maybe(start)}, stop=${maybe(stop)}, step=${maybe(step)})`
  },
  InlineIf: (node) => {
    const { cond, body, else_ } = node as InlineIfNode
    return `CondExpr(test=${tree(cond)}, expr1=${tree(body)}, expr2=${maybe(else_)})`
  },
  Join: (node) => `Concat(nodes=${trees((node as ListNode).children)})`,
  Array: (node) => `List(items=${trees((node as ListNode).children)})`,
  Tuple: (node) => `Tuple(items=${trees((node as ListNode).children)}, ctx='load')`,
  Dict: (node) => `Dict(items=${trees((node as ListNode).children)})`,
  Pair: (node) => `Pair(key=${tree((node as PairNode).key)}, value=${tree((node as PairNode).value)})`,
  Compare: (node) => {
    const { expr, ops } = node as CompareNode
    const operands = ops.map((op) => `Operand(op=${repr(comparisons[op.type]!)}, expr=${tree(op.expr)})`)
    return `Compare(expr=${tree(expr)}, ops=[${operands.join(', ')}])`
  },
  Not: unary('Not'),
  Neg: unary('Neg'),
  Pos: unary('Pos'),
  And: binary('And'),
  Or: binary('Or'),
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  FloorDiv: binary('FloorDiv'),
  Mod: binary('Mod'),
  Pow: binary('Pow'),
}
