// The fast path: a template of text and plain calls (`{{ ref('a') }}`, `{{ get_where_subquery(ref('a')) }}`) is walked
// as it stands. Generating code for it and having it compiled takes far longer than running it once, and most
// templates run once.
import type { RootFunction } from './code.ts'
import { isConstant } from './compiler-expressions.ts'
import type {
  ArgumentsNode,
  AttributeNode,
  CallNode,
  ListNode,
  LiteralNode,
  Node,
  SymbolNode,
} from './nodes.ts'
import type { OutputBuffer } from './output-buffer.ts'
import type { Runtime } from './runtime.ts'
import type { Kwargs, Value } from './values/value.ts'

/** An expression as it is kept: of thousands of templates no syntax tree is left. */
export type PlainExpression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly PlainExpression[] }
  | {
      readonly kind: 'attribute'
      readonly target: PlainExpression
      readonly name: string
      readonly pos: number
    }
  | PlainCall

/** A call of a plain name. */
export interface PlainCall {
  readonly kind: 'call'
  readonly name: string
  readonly pos: number
  readonly args: readonly PlainExpression[]
  readonly keywords: readonly PlainKeyword[]
}

export type PlainKeyword = readonly [name: string, value: PlainExpression]

/** A piece of the output: literal text, or an expression. */
export type PlainPart =
  | { readonly pos: number; readonly text: string }
  | {
      readonly pos: number
      readonly text: null
      readonly value: PlainExpression
      readonly isConstant: boolean
    }

/** The function of a template of such pieces. */
export function plainRoot(parts: readonly PlainPart[]): RootFunction {
  return (rt, out) => new PlainRun(rt as Runtime, out).write(parts)
}

/** The pieces of a template that is text and plain calls; null for any other, for which code is generated. */
export function plainParts(root: Node): readonly PlainPart[] | null {
  const parts: PlainPart[] = []
  for (const output of (root as ListNode).children) {
    if (output.typename !== 'Output') return null
    for (const node of (output as ListNode).children) {
      const { pos } = node
      if (node.typename === 'TemplateData') parts.push({ pos, text: (node as LiteralNode).value as string })
      else {
        const value = plainExpression(node)
        if (!value) return null
        parts.push({ pos, text: null, value, isConstant: isConstant(node) })
      }
    }
  }
  return parts
}

function plainExpression(node: Node): PlainExpression | null {
  switch (node.typename) {
    case 'Literal':
      return { kind: 'literal', value: (node as LiteralNode).value }
    case 'Symbol':
      return { kind: 'name', name: (node as SymbolNode).value }
    case 'Group':
      return plainExpression((node as ListNode).children[0]!)
    case 'Array': {
      const items = plainExpressions((node as ListNode).children)
      return items && { kind: 'list', items }
    }
    case 'Attribute': {
      const { target: owner, name, pos } = node as AttributeNode
      const target = plainExpression(owner)
      return target && { kind: 'attribute', target, name, pos }
    }
    case 'FunCall':
      return plainCall(node as CallNode)
    default:
      return null
  }
}

function plainExpressions(nodes: readonly Node[]): readonly PlainExpression[] | null {
  const found: PlainExpression[] = []
  for (const node of nodes) {
    const expression = plainExpression(node)
    if (!expression) return null
    found.push(expression)
  }
  return found
}

function plainCall({ name: callee, args }: CallNode): PlainCall | null {
  const { positional, keywords, star, doubleStar }: ArgumentsNode = args
  if (callee.typename !== 'Symbol' || star || doubleStar) return null
  const items = plainExpressions(positional)
  const values = plainExpressions(keywords.map(({ value }) => value))
  if (!items || !values) return null
  return {
    kind: 'call',
    name: (callee as SymbolNode).value,
    pos: callee.pos,
    args: items,
    keywords: keywords.map(({ name }, index) => [name, values[index]!]),
  }
}

/** One run; it knows which place it has reached, as generated code does. */
class PlainRun {
  private readonly rt: Runtime
  private readonly out: OutputBuffer
  private pos = 0

  constructor(rt: Runtime, out: OutputBuffer) {
    this.rt = rt
    this.out = out
  }

  write(parts: readonly PlainPart[]): void {
    try {
      for (const part of parts) {
        if (part.text !== null) this.out.literal(part.text, part.pos)
        else {
          this.pos = part.pos
          const value = this.value(part.value)
          if (part.isConstant) this.out.constant(value, part.pos)
          else this.out.value(value, part.pos)
        }
      }
    } catch (error) {
      throw this.rt.located(error, this.pos)
    }
  }

  private value(expression: PlainExpression): Value {
    switch (expression.kind) {
      case 'literal':
        return expression.value
      case 'name':
        return this.rt.get(expression.name)
      case 'list':
        return expression.items.map((item) => this.value(item))
      case 'attribute': {
        const owner = this.value(expression.target)
        this.pos = expression.pos
        return this.rt.attribute(owner, expression.name)
      }
      case 'call':
        return this.call(expression)
    }
  }

  private call({ name, pos, args, keywords }: PlainCall): Value {
    const callee = this.rt.get(name)
    const positional = args.map((argument) => this.value(argument))
    const named: Record<string, Value> = Object.create(null)
    for (const [keyword, value] of keywords) named[keyword] = this.value(value)
    this.pos = pos
    return this.rt.call(callee, positional, named as Kwargs)
  }
}
