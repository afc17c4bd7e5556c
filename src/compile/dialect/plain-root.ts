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

/** The function of a template that is text and plain calls; null for any other, for which code is generated. */
export function plainRoot(root: Node): RootFunction | null {
  const parts = partsOf(root)
  if (!parts) return null
  return (rt, out) => new PlainRun(rt as Runtime, out).write(parts)
}

/** A piece of the output: literal text, or an expression. */
interface Part {
  readonly node: Node
  readonly writes: 'literal' | 'constant' | 'value'
}

function partsOf(root: Node): readonly Part[] | null {
  const parts: Part[] = []
  for (const output of (root as ListNode).children) {
    if (output.typename !== 'Output') return null
    for (const node of (output as ListNode).children) {
      if (node.typename === 'TemplateData') parts.push({ node, writes: 'literal' })
      else if (isPlain(node)) parts.push({ node, writes: isConstant(node) ? 'constant' : 'value' })
      else return null
    }
  }
  return parts
}

function isPlain(node: Node): boolean {
  switch (node.typename) {
    case 'Literal':
    case 'Symbol':
      return true
    case 'Group':
    case 'Array':
      return (node as ListNode).children.every(isPlain)
    case 'Attribute':
      return isPlain((node as AttributeNode).target)
    case 'FunCall': {
      const { name, args } = node as CallNode
      return name.typename === 'Symbol' && hasPlainArguments(args)
    }
    default:
      return false
  }
}

function hasPlainArguments({ positional, keywords, star, doubleStar }: ArgumentsNode): boolean {
  return !star && !doubleStar && positional.every(isPlain) && keywords.every(({ value }) => isPlain(value))
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

  write(parts: readonly Part[]): void {
    try {
      for (const { node, writes } of parts) {
        if (writes === 'literal') this.out.literal((node as LiteralNode).value as string, node.pos)
        else {
          this.pos = node.pos
          this.out[writes](this.value(node), node.pos)
        }
      }
    } catch (error) {
      throw this.rt.located(error, this.pos)
    }
  }

  private value(node: Node): Value {
    switch (node.typename) {
      case 'Literal':
        return (node as LiteralNode).value
      case 'Symbol':
        return this.rt.get((node as SymbolNode).value)
      case 'Group':
        return this.value((node as ListNode).children[0]!)
      case 'Array':
        return (node as ListNode).children.map((child) => this.value(child))
      case 'Attribute': {
        const { target, name } = node as AttributeNode
        const owner = this.value(target)
        this.pos = node.pos
        return this.rt.attribute(owner, name)
      }
      default:
        return this.call(node as CallNode)
    }
  }

  private call({ name, args }: CallNode): Value {
    const callee = this.value(name)
    const positional = args.positional.map((argument) => this.value(argument))
    const keywords: Record<string, Value> = Object.create(null)
    for (const { name: keyword, value } of args.keywords) keywords[keyword] = this.value(value)
    this.pos = name.pos
    return this.rt.call(callee, positional, keywords as Kwargs)
  }
}
