// The syntax tree: nunjucks' own node classes, and ours for what Jinja has and nunjucks lacks, made with
// nunjucks' `Node.extend` so that its compiler, its traversals and its extensions see one family.
import nunjucks from 'nunjucks'
import type { Value } from './values/value.ts'

/** Any node. */
export interface Node {
  readonly typename: string
  readonly lineno: number
  readonly colno: number
  readonly fields: readonly string[]
  /** Offset in the normalised source. */
  pos: number
  findAll(type: NodeType, results?: Node[]): Node[]
}

/** A node class of nunjucks. */
export interface NodeType<N extends Node = Node> {
  // biome-ignore lint/suspicious/noExplicitAny: nunjucks passes a class's fields to its constructor untyped
  new (lineno: number, colno: number, ...fields: any[]): N
  extend(name: string, properties: object): NodeType
}

export interface ListNode extends Node {
  readonly children: Node[]
  addChild(node: Node): void
}
export interface LiteralNode extends Node {
  readonly value: Value
}
export interface SymbolNode extends Node {
  readonly value: string
}
export interface PairNode extends Node {
  readonly key: Node
  readonly value: Node
}
export interface LookupNode extends Node {
  readonly target: Node
  readonly val: Node
}
export interface AttributeNode extends Node {
  readonly target: Node
  readonly name: string
}
export interface SliceNode extends Node {
  readonly start: Node | null
  readonly stop: Node | null
  readonly step: Node | null
}
export interface BinaryNode extends Node {
  readonly left: Node
  readonly right: Node
}
export interface UnaryNode extends Node {
  readonly target: Node
}
export interface CompareNode extends Node {
  readonly expr: Node
  readonly ops: readonly (Node & { readonly expr: Node; readonly type: string })[]
}
export interface InlineIfNode extends Node {
  readonly cond: Node
  readonly body: Node
  readonly else_: Node | null
}
/** The arguments of a call, filter or test. */
export interface ArgumentsNode extends Node {
  readonly positional: readonly Node[]
  readonly keywords: readonly { readonly name: string; readonly value: Node }[]
  readonly star: Node | null
  readonly doubleStar: Node | null
}
export interface CallNode extends Node {
  readonly name: Node
  readonly args: ArgumentsNode
}
export interface FilterNode extends Node {
  readonly name: string
  /** The filtered expression; null in a filter block or a filtered set block, where it is the captured text. */
  readonly target: Node | null
  readonly args: ArgumentsNode
}
export interface TestNode extends Node {
  readonly name: string
  readonly target: Node
  readonly args: ArgumentsNode
}
export interface IfNode extends Node {
  readonly cond: Node
  readonly body: Node
  readonly else_: Node | null
}
export interface ForNode extends Node {
  readonly arr: Node
  readonly name: Node
  readonly body: Node
  readonly else_: Node | null
  readonly cond: Node | null
  readonly recursive: boolean
  readonly usesLoop: boolean
}
export interface SetNode extends Node {
  readonly target: Node
  readonly value: Node
}
export interface SetBlockNode extends Node {
  readonly target: Node
  readonly filter: FilterNode | null
  readonly body: Node
}
export interface NamespaceTargetNode extends Node {
  readonly namespace: string
  readonly attribute: string
}
export interface WithNode extends Node {
  readonly targets: readonly Node[]
  readonly values: readonly Node[]
  readonly body: Node
}
/** A parameter of a macro or call block. */
export interface Parameter {
  readonly name: string
  readonly defaultValue: Node | null
  readonly typeName: string | null
  readonly pos: number
}
/** What a macro-like body needs to know about itself. */
export interface SignatureNode extends Node {
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly body: Node
  readonly usesCaller: boolean
  readonly usesKwargs: boolean
  readonly usesVarargs: boolean
}
export interface CallBlockNode extends Node {
  readonly call: CallNode
  readonly caller: SignatureNode
}
export interface FilterBlockNode extends Node {
  readonly filter: FilterNode
  readonly body: Node
}
export interface AutoescapeNode extends Node {
  readonly enabled: Node
  readonly body: Node
}
export interface BodyNode extends Node {
  readonly body: Node
}
export interface ExtensionNode extends Node {
  readonly extName: string
  readonly prop: string
  readonly args: ListNode
  readonly contentArgs: readonly (Node | null)[]
}

/** The classes of nunjucks that are used as they are. */
type BaseName =
  | 'Node'
  | 'Root'
  | 'NodeList'
  | 'Literal'
  | 'Symbol'
  | 'Group'
  | 'Array'
  | 'Pair'
  | 'Dict'
  | 'Output'
  | 'TemplateData'
  | 'If'
  | 'InlineIf'
  | 'For'
  | 'Macro'
  | 'Set'
  | 'FunCall'
  | 'LookupVal'
  | 'BinOp'
  | 'Or'
  | 'And'
  | 'Not'
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'FloorDiv'
  | 'Mod'
  | 'Pow'
  | 'Neg'
  | 'Pos'
  | 'Compare'
  | 'CompareOperand'
  | 'CallExtension'

const base = (nunjucks as unknown as { nodes: Record<BaseName, NodeType> }).nodes
const { Node: BaseNode, NodeList, Literal, FunCall, For, Macro, Set: SetBase } = base

/** nunjucks' node classes as they are, and the ones added here. */
export const nodes = {
  ...base,
  NodeList: NodeList as NodeType<ListNode>,
  Literal: Literal as NodeType<LiteralNode>,
  Symbol: base.Symbol as NodeType<SymbolNode>,
  FunCall: FunCall as NodeType<CallNode>,
  Tuple: NodeList.extend('Tuple', {}) as NodeType<ListNode>,
  Join: NodeList.extend('Join', {}) as NodeType<ListNode>,
  Attribute: BaseNode.extend('Attribute', { fields: ['target', 'name'] }),
  Slice: BaseNode.extend('Slice', { fields: ['start', 'stop', 'step'] }),
  Arguments: BaseNode.extend('Arguments', { fields: ['positional', 'keywords', 'star', 'doubleStar'] }),
  FilterCall: BaseNode.extend('FilterCall', { fields: ['name', 'target', 'args'] }),
  Test: BaseNode.extend('Test', { fields: ['name', 'target', 'args'] }),
  NamespaceTarget: BaseNode.extend('NamespaceTarget', { fields: ['namespace', 'attribute'] }),
  Loop: For.extend('Loop', {
    fields: ['arr', 'name', 'body', 'else_', 'cond', 'recursive', 'usesLoop'],
  }) as NodeType<ForNode>,
  Assign: SetBase.extend('Assign', { fields: ['target', 'value'] }),
  SetBlock: SetBase.extend('SetBlock', { fields: ['target', 'filter', 'body'] }),
  With: BaseNode.extend('With', { fields: ['targets', 'values', 'body'] }),
  Do: BaseNode.extend('Do', { fields: ['target'] }),
  Break: BaseNode.extend('Break', { fields: [] }),
  Continue: BaseNode.extend('Continue', { fields: [] }),
  Signature: Macro.extend('Signature', {
    fields: ['name', 'parameters', 'body', 'usesCaller', 'usesKwargs', 'usesVarargs'],
  }) as NodeType<SignatureNode>,
  CallBlock: BaseNode.extend('CallBlock', { fields: ['call', 'caller'] }),
  FilterBlock: BaseNode.extend('FilterBlock', { fields: ['filter', 'body'] }),
  Autoescape: BaseNode.extend('Autoescape', { fields: ['enabled', 'body'] }),
  Scope: BaseNode.extend('Scope', { fields: ['body'] }),
  Refused: BaseNode.extend('Refused', { fields: ['message'] }),
} as const
