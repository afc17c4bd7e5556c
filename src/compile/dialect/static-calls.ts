// The calls of ref, source, config and their like that can be read off the source without running it.
import { placeOf, type SourceText } from './lines.ts'
import type { CallNode, ListNode, LiteralNode, Node, SymbolNode } from './nodes.ts'
import type { StaticCall } from './template.ts'
import type { Value } from './values/value.ts'
import { writtenArgument, writtenValue } from './written-expression.ts'

/** The calls that `ParsedTemplate.calls` lists. */
const listedCalls = new Set(['ref', 'source', 'config', 'var', 'env_var', 'doc', 'metric', 'function'])

/** A call of a plain name; undefined stands for arguments that are no literals. */
export interface WrittenCall {
  readonly name: string
  readonly pos: number
  readonly args: readonly (Value | undefined)[]
  readonly keywords: readonly (readonly [name: string, value: Value | undefined])[]
  /** Whether it has arguments with stars besides. */
  readonly spread: boolean
  readonly block: string | null
  /** Of config(): its named arguments as they are written, where they are not all literals. */
  readonly written?: StaticCall['written']
}

/** What is listed of a call, if it is one that is listed. */
export function listedCall(source: SourceText, call: WrittenCall): StaticCall | undefined {
  const { name, pos, args, keywords, spread, block } = call
  if (!listedCalls.has(name)) return undefined
  const known = !args.includes(undefined) && keywords.every(([, value]) => value !== undefined)
  return {
    name,
    args,
    kwargs: Object.fromEntries(keywords),
    literal: !spread && known,
    place: placeOf(source, pos),
    pos,
    block,
    ...(name === 'config' && { written: call.written ?? writtenValues(keywords) }),
  }
}

function writtenValues(keywords: WrittenCall['keywords']): Readonly<Record<string, string>> {
  return Object.fromEntries(keywords.map(([name, value]) => [name, writtenValue(value ?? null)]))
}

/** The same for a call as the parser has it. */
export function staticCall(
  source: SourceText,
  { name: callee, args }: CallNode,
  block: string | null,
): StaticCall | undefined {
  if (callee.typename !== 'Symbol') return undefined
  const name = (callee as SymbolNode).value
  if (!listedCalls.has(name)) return undefined
  return listedCall(source, {
    name,
    pos: callee.pos,
    args: args.positional.map(literalValue),
    keywords: args.keywords.map((keyword) => [keyword.name, literalValue(keyword.value)] as const),
    spread: args.star !== null || args.doubleStar !== null,
    block,
    ...(name === 'config' && { written: writtenArguments(args) }),
  })
}

function writtenArguments({ keywords }: CallNode['args']): Readonly<Record<string, string>> {
  return Object.fromEntries(keywords.map(({ name, value }) => [name, writtenArgument(value)]))
}

/** The value of an expression made of literals alone, or undefined. */
function literalValue(node: Node): Value | undefined {
  if (node.typename === 'Literal') return (node as LiteralNode).value
  if (node.typename !== 'Array') return undefined
  const items = (node as ListNode).children.map(literalValue)
  return items.includes(undefined) ? undefined : (items as Value[])
}
