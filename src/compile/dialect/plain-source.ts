// Most templates are text and calls such as `{{ ref('a') }}` or `{{ config(tags=['x']) }}`, with nothing but literals
// in their brackets. They are read straight off the text, with neither tokens nor a tree; anything else, and anything
// that is wrong, is left to the parser, which gives the same for these.
import type { SourceText } from './lines.ts'
import type { PlainCall, PlainExpression, PlainKeyword, PlainPart } from './plain-root.ts'
import { listedCall } from './static-calls.ts'
import type { StaticCall } from './template.ts'
import { parseInteger } from './values/numbers.ts'
import type { Value } from './values/value.ts'

/** What is read of such a template. */
export interface PlainSource {
  readonly parts: readonly PlainPart[]
  readonly calls: readonly StaticCall[]
  readonly names: ReadonlySet<string>
}

const callStart = /\{\{\s*([A-Za-z_]\w*)\s*\(\s*/y
const callEnd = /\)\s*\}\}/y
const keyword = /([A-Za-z_]\w*)\s*=(?!=)\s*/y
const quoted = /(?:'([^'\\]*)'|"([^"\\]*)")\s*/y
const word = /(true|True|false|False|none|None)\b\s*/y
const integer = /(0|[1-9]\d{0,14})(?![\w.])\s*/y
const listStart = /\[\s*/y
const listEnd = /\]\s*/y
const comma = /,\s*/y

/** Words that are no names where an expression begins. */
const reserved = new Set([
  'true',
  'True',
  'false',
  'False',
  'none',
  'None',
  'not',
  'if',
  'else',
  'and',
  'or',
  'in',
  'is',
])
const words: Readonly<Record<string, Value>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
}

/** Reads a template from an offset on; null for one that is not of this kind. */
export function readPlainSource(source: SourceText, start: number): PlainSource | null {
  const { text } = source
  if (text.includes('{%') || text.includes('{#')) return null
  const parts: PlainPart[] = []
  const calls: StaticCall[] = []
  const names = new Set<string>()
  for (let at = start; at < text.length; ) {
    const open = text.indexOf('{{', at)
    const end = open < 0 ? text.length : open
    if (end > at) parts.push({ pos: at, text: text.slice(at, end) })
    if (open < 0) break
    const read = new CallReader(text, open)
    const call = read.call()
    if (!call) return null
    parts.push({ pos: open, text: null, value: call, isConstant: false })
    names.add(call.name)
    const listed = listedCall(source, literalCall(call))
    if (listed) calls.push(listed)
    at = read.at
  }
  return { parts, calls, names }
}

/** Reads one `{{ name(…) }}`; whatever is not as expected is null. */
class CallReader {
  at: number
  private readonly text: string

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match) this.at = pattern.lastIndex
    return match
  }

  call(): PlainCall | null {
    const open = this.at
    const begin = this.match(callStart)
    const name = begin?.[1]
    if (name === undefined || reserved.has(name)) return null
    const args: PlainExpression[] = []
    const keywords: PlainKeyword[] = []
    while (!this.match(callEnd)) {
      if (args.length + keywords.length > 0 && !this.match(comma)) return null
      // A comma may stand behind the last one.
      if (args.length + keywords.length > 0 && this.match(callEnd)) break
      const key = this.match(keyword)?.[1]
      const value = this.value()
      if (!value || (key === undefined && keywords.length > 0)) return null
      if (key === undefined) args.push(value)
      else keywords.push([key, value])
    }
    return { kind: 'call', name, pos: this.text.indexOf(name, open), args, keywords }
  }

  private value(): PlainExpression | null {
    if (!this.match(listStart)) return this.literal()
    const items: PlainExpression[] = []
    while (!this.match(listEnd)) {
      if (items.length > 0 && !this.match(comma)) return null
      if (items.length > 0 && this.match(listEnd)) break
      const item = this.literal()
      if (!item) return null
      items.push(item)
    }
    return { kind: 'list', items }
  }

  private literal(): PlainExpression | null {
    const string = this.match(quoted)
    if (string) return { kind: 'literal', value: string[1] ?? string[2]! }
    const known = this.match(word)
    if (known) return { kind: 'literal', value: words[known[1]!]! }
    const digits = this.match(integer)
    return digits && { kind: 'literal', value: parseInteger(digits[1]!, 0) ?? 0 }
  }
}

/** The call with the values of its arguments, all of which are literals. */
function literalCall({ name, pos, args, keywords }: PlainCall) {
  return {
    name,
    pos,
    args: args.map(literalOf),
    keywords: keywords.map(([key, value]) => [key, literalOf(value)] as const),
    spread: false,
    block: null,
  }
}

function literalOf(expression: PlainExpression): Value | undefined {
  if (expression.kind === 'literal') return expression.value
  return expression.kind === 'list' ? (expression.items.map(literalOf) as Value[]) : undefined
}
