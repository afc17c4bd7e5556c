// Code generation for expressions: nunjucks' Compiler with every operator, lookup and call going through the
// runtime, which has Python's meanings.
import nunjucks from 'nunjucks'
import type { CompileScope } from './compile-scope.ts'
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
import { Float, type Value } from './values/value.ts'

/** What of nunjucks' Compiler is built upon. */
interface BaseCompiler {
  codebuf: string[]
  buffer: string
  _emit(code: string): void
  _emitLine(code: string): void
  _tmpid(): string
  _compileChildren(node: Node, frame: CompileScope): void
  compile(node: Node, frame: CompileScope): void
  getCode(): string
}

const Compiler = (nunjucks as unknown as { compiler: { Compiler: new (name: string) => BaseCompiler } })
  .compiler.Compiler

/** Which filters and tests there are; asked when code is generated. */
export interface KnownNames {
  hasFilter(name: string): boolean
  hasTest(name: string): boolean
  fail(message: string, pos: number): never
}

const operators: Record<string, string> = {
  Add: 'add',
  Sub: 'subtract',
  Mul: 'multiply',
  Div: 'divide',
  FloorDiv: 'floorDivide',
  Mod: 'modulo',
  Pow: 'power',
}

/** Filters that see the context or mark values, so that their result is not known beforehand. */
const lateFilters = new Set(
  'map select reject selectattr rejectattr random as_bool as_number as_native as_text'.split(' '),
)

/** Generates code for expressions. */
export class ExpressionCompiler extends Compiler {
  protected readonly known: KnownNames
  /** How many conditions are open: inside one, an unknown filter fails only when it is reached. */
  protected conditions = 0

  constructor(name: string, known: KnownNames) {
    super(name)
    this.known = known
  }

  /** The code that `write` emits, taken out of the buffer. */
  protected captured(write: () => void): string {
    const outer = this.codebuf
    this.codebuf = []
    write()
    const code = this.codebuf.join('')
    this.codebuf = outer
    return code
  }

  /** The code of an expression. */
  protected code(node: Node, frame: CompileScope): string {
    return this.captured(() => this.compile(node, frame))
  }

  /** `rt.name(a, b, p=pos)`: the place is noted last, when the arguments have been computed. */
  protected runtimeCall(name: string, args: readonly string[], node: Node): string {
    return `rt.${name}(${[...args, `p=${node.pos}`].join(',')})`
  }

  compileLiteral(node: LiteralNode): void {
    this._emit(literalCode(node.value))
  }

  compileSymbol(node: SymbolNode, frame: CompileScope): void {
    const { codes, certain } = frame.readFrom(node.value)
    const last = certain ? codes.at(-1)! : `rt.get(${JSON.stringify(node.value)})`
    const maybe = certain ? codes.slice(0, -1) : codes
    this._emit(maybe.reduceRight((otherwise, code) => `(${code}!==undefined?${code}:${otherwise})`, last))
  }

  compileGroup(node: ListNode, frame: CompileScope): void {
    this.compile(node.children[0]!, frame)
  }

  compileArray(node: ListNode, frame: CompileScope): void {
    this._emit(`[${this.codes(node.children, frame)}]`)
  }

  compileTuple(node: ListNode, frame: CompileScope): void {
    this._emit(`rt.tuple([${this.codes(node.children, frame)}])`)
  }

  compileDict(node: ListNode, frame: CompileScope): void {
    const pairs = (node.children as PairNode[]).map(
      ({ key, value }) => `[${this.code(key, frame)},${this.code(value, frame)}]`,
    )
    this._emit(this.runtimeCall('dict', [`[${pairs.join(',')}]`], node))
  }

  compileJoin(node: ListNode, frame: CompileScope): void {
    this._emit(`rt.concatenate([${this.codes(node.children, frame)}],${this.buffer})`)
  }

  protected codes(list: readonly Node[], frame: CompileScope): string {
    return list.map((node) => this.code(node, frame)).join(',')
  }

  private binary(node: BinaryNode, frame: CompileScope): void {
    const sides = [this.code(node.left, frame), this.code(node.right, frame)]
    this._emit(this.runtimeCall(operators[node.typename]!, sides, node))
  }

  compileAdd(node: BinaryNode, frame: CompileScope): void {
    this.binary(node, frame)
  }
  compileSub(node: BinaryNode, frame: CompileScope): void {
    this.binary(node, frame)
  }
  compileMul(node: BinaryNode, frame: CompileScope): void {
    this.binary(node, frame)
  }
  compileDiv(node: BinaryNode, frame: CompileScope): void {
    this.binary(node, frame)
  }
  compileFloorDiv(node: BinaryNode, frame: CompileScope): void {
    this.binary(node, frame)
  }
  compileMod(node: BinaryNode, frame: CompileScope): void {
    this.binary(node, frame)
  }
  compilePow(node: BinaryNode, frame: CompileScope): void {
    this.binary(node, frame)
  }

  compileNeg(node: UnaryNode, frame: CompileScope): void {
    this._emit(this.runtimeCall('negative', [this.code(node.target, frame)], node))
  }

  compilePos(node: UnaryNode, frame: CompileScope): void {
    this._emit(this.runtimeCall('positive', [this.code(node.target, frame)], node))
  }

  compileNot(node: UnaryNode, frame: CompileScope): void {
    this._emit(`!${this.condition(node.target, frame)}`)
  }

  compileAnd(node: BinaryNode, frame: CompileScope): void {
    this._emit(`rt.and(${this.code(node.left, frame)},()=>${this.branch(node.right, frame)})`)
  }

  compileOr(node: BinaryNode, frame: CompileScope): void {
    this._emit(`rt.or(${this.code(node.left, frame)},()=>${this.branch(node.right, frame)})`)
  }

  /** The code of a part that may not be reached; brackets keep it one expression. */
  private branch(node: Node, frame: CompileScope): string {
    return `(${this.code(node, frame)})`
  }

  /** The code of an expression that is only asked whether it is true. */
  protected condition(node: Node, frame: CompileScope): string {
    if (node.typename === 'And' || node.typename === 'Or') {
      const { left, right } = node as BinaryNode
      const sign = node.typename === 'And' ? '&&' : '||'
      return `(${this.condition(left, frame)}${sign}${this.condition(right, frame)})`
    }
    if (node.typename === 'Not') return `!${this.condition((node as UnaryNode).target, frame)}`
    if (node.typename === 'Compare' || node.typename === 'Test') return `(${this.code(node, frame)})`
    return `rt.truth(${this.code(node, frame)})`
  }

  compileCompare(node: CompareNode, frame: CompileScope): void {
    const first = this.code(node.expr, frame)
    if (node.ops.length > 1) {
      const rest = node.ops.map(
        ({ type, expr }) => `[${JSON.stringify(type)},()=>${this.branch(expr, frame)}]`,
      )
      this._emit(this.runtimeCall('chain', [first, `[${rest.join(',')}]`], node))
      return
    }
    const { type, expr } = node.ops[0]!
    this._emit(this.runtimeCall('compare', [JSON.stringify(type), first, this.code(expr, frame)], node))
  }

  compileInlineIf(node: InlineIfNode, frame: CompileScope): void {
    const condition = this.condition(node.cond, frame)
    this.conditions += 1
    const body = this.code(node.body, frame)
    const otherwise = node.else_ ? this.code(node.else_, frame) : `rt.noElse(${node.lineno + 1})`
    this.conditions -= 1
    this._emit(`(${condition}?${body}:${otherwise})`)
  }

  compileAttribute(node: AttributeNode, frame: CompileScope): void {
    this._emit(
      this.runtimeCall('attribute', [this.code(node.target, frame), JSON.stringify(node.name)], node),
    )
  }

  compileLookupVal(node: LookupNode, frame: CompileScope): void {
    const target = this.code(node.target, frame)
    if (node.val.typename !== 'Slice') {
      this._emit(this.runtimeCall('item', [target, this.code(node.val, frame)], node))
      return
    }
    const { start, stop, step } = node.val as SliceNode
    const bounds = [start, stop, step].map((bound) => (bound ? this.code(bound, frame) : 'null'))
    // Jinja computes a slice of constants beforehand, where a value that has no slices gives undefined.
    this._emit(this.runtimeCall('slice', [target, ...bounds, String(isConstant(node))], node))
  }

  compileSlice(node: SliceNode): void {
    this._emit(this.runtimeCall('refuse', [JSON.stringify('a slice stands alone in its brackets')], node))
  }

  /** The code of the arguments: a list and a record. */
  protected argumentCodes(
    args: ArgumentsNode,
    frame: CompileScope,
    extra: readonly string[] = [],
  ): [string, string] {
    const positional = `[${this.codes(args.positional, frame)}]`
    const named = args.keywords.map(
      ({ name, value }) => `[${JSON.stringify(name)}]:${this.code(value, frame)}`,
    )
    const keywords = [...named, ...extra]
    const record = keywords.length > 0 ? `{__proto__:null,${keywords.join(',')}}` : 'none'
    return [
      args.star ? `rt.spread(${positional},${this.code(args.star, frame)},p=${args.pos})` : positional,
      args.doubleStar
        ? `rt.spreadKeywords(${record},${this.code(args.doubleStar, frame)},p=${args.pos})`
        : record,
    ]
  }

  compileFunCall(node: CallNode, frame: CompileScope): void {
    this._emit(this.callCode(node, frame))
  }

  /** The code of a call; `extra` are keyword arguments added to it. */
  protected callCode(node: CallNode, frame: CompileScope, extra: readonly string[] = []): string {
    const callee = node.name
    if (callee.typename === 'Attribute') {
      const { target, name } = callee as AttributeNode
      const owner = this.code(target, frame)
      const args = this.argumentCodes(node.args, frame, extra)
      return this.runtimeCall('callMethod', [owner, JSON.stringify(name), ...args], callee)
    }
    const code = this.code(callee, frame)
    return this.runtimeCall('call', [code, ...this.argumentCodes(node.args, frame, extra)], callee)
  }

  compileFilterCall(node: FilterNode, frame: CompileScope): void {
    this._emit(this.filterCode(node, frame, null))
  }

  /** The code of a filter; without a target of its own it filters what `inner` gives. */
  protected filterCode(node: FilterNode, frame: CompileScope, inner: string | null): string {
    this.requireKnown('filter', node)
    const target =
      node.target === null
        ? inner!
        : node.target.typename === 'FilterCall'
          ? this.filterCode(node.target as FilterNode, frame, inner)
          : this.code(node.target, frame)
    const args = this.argumentCodes(node.args, frame)
    return this.runtimeCall('filter', [JSON.stringify(node.name), target, ...args], node)
  }

  compileTest(node: TestNode, frame: CompileScope): void {
    this.requireKnown('test', node)
    const args = this.argumentCodes(node.args, frame)
    const target = this.code(node.target, frame)
    this._emit(this.runtimeCall('test', [JSON.stringify(node.name), target, ...args], node))
  }

  private requireKnown(what: 'filter' | 'test', node: FilterNode | TestNode): void {
    const isKnown = what === 'filter' ? this.known.hasFilter(node.name) : this.known.hasTest(node.name)
    if (!isKnown && this.conditions === 0) this.known.fail(`No ${what} named '${node.name}'.`, node.pos)
  }
}

/** The code of a literal. */
export function literalCode(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Float) return `rt.float(${value.value})`
  return String(value)
}

/** Whether Jinja knows the value of an expression before rendering; natively it then prints as text. */
export function isConstant(node: Node): boolean {
  switch (node.typename) {
    case 'Literal':
      return true
    case 'Array':
    case 'Tuple':
    case 'Dict':
    case 'Join':
    case 'Group':
      return (node as ListNode).children.every(isConstant)
    case 'Pair':
      return isConstant((node as PairNode).key) && isConstant((node as PairNode).value)
    case 'FilterCall':
    case 'Test':
      return isConstantCall(node as FilterNode)
    case 'InlineIf':
      return isConstantInlineIf(node as InlineIfNode)
    case 'LookupVal':
      return isConstant((node as LookupNode).target) && isConstant((node as LookupNode).val)
    case 'Attribute':
      return isConstant((node as AttributeNode).target)
    case 'Slice':
      return [node as SliceNode].every(({ start, stop, step }) =>
        [start, stop, step].every((bound) => bound === null || isConstant(bound)),
      )
    case 'Compare':
      return (
        isConstant((node as CompareNode).expr) &&
        (node as CompareNode).ops.every(({ expr }) => isConstant(expr))
      )
    default:
      return isConstantOperation(node)
  }
}

function isConstantCall(node: FilterNode): boolean {
  const { positional, keywords, star, doubleStar } = node.args
  if (node.target === null || star || doubleStar || lateFilters.has(node.name)) return false
  return (
    isConstant(node.target) &&
    positional.every(isConstant) &&
    keywords.every(({ value }) => isConstant(value))
  )
}

function isConstantInlineIf({ cond, body, else_ }: InlineIfNode): boolean {
  return isConstant(cond) && isConstant(body) && else_ !== null && isConstant(else_)
}

function isConstantOperation(node: Node): boolean {
  if ('left' in node && 'right' in node)
    return [node.left, node.right].every((side) => isConstant(side as Node))
  return ['Neg', 'Pos', 'Not'].includes(node.typename) && isConstant((node as UnaryNode).target)
}
