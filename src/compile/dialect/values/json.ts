// JSON as Python's json module writes and reads it: floats stay floats, ASCII only, `, ` and `: ` between.

import { compare } from './compare.ts'
import { Dict } from './dict.ts'
import { floatRepr, normalInt } from './numbers.ts'
import { Float, HostObject, isText, raise, Tuple, textOf, typeName, type Value } from './value.ts'

/** How to write JSON. */
export interface JsonStyle {
  readonly sortKeys?: boolean
  /** Spaces to indent by, or the text to indent with. */
  readonly indent?: number | string | null
  /** Whether letters beyond ASCII are written as escapes; they are unless told otherwise. */
  readonly asciiOnly?: boolean
}

/** Python's json.dumps. */
export function dumpJson(value: Value, style: JsonStyle = {}): string {
  const indent = typeof style.indent === 'number' ? ' '.repeat(style.indent) : (style.indent ?? null)
  const { sortKeys = false, asciiOnly = true } = style
  return write(value, { indent, sortKeys, quote: asciiOnly ? quote : JSON.stringify, level: 0 })
}

interface Writing {
  readonly indent: string | null
  readonly sortKeys: boolean
  readonly quote: (text: string) => string
  readonly level: number
}

function write(value: Value, how: Writing): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint')
    return String(value)
  if (value instanceof Float) return floatJson(value.value)
  if (isText(value)) return how.quote(textOf(value))
  if (Array.isArray(value))
    return writeItems(
      '[',
      value.map((item) => (deeper: Writing) => write(item, deeper)),
      ']',
      how,
    )
  if (value instanceof Tuple) return write([...value.items], how)
  if (value instanceof Dict) return writeDict(value, how)
  if (value instanceof HostObject && value.protocol.like === 'mapping') {
    const { iterate, item } = value.protocol
    const pairs = [...(iterate?.() ?? [])].map((key) => [key, item?.(key) ?? null] as const)
    return writeDict(Dict.of(pairs), how)
  }
  return raise('TypeError', `Object of type ${typeName(value)} is not JSON serializable`)
}

function floatJson(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity'
  return floatRepr(value)
}

function writeItems(
  open: string,
  items: readonly ((how: Writing) => string)[],
  close: string,
  how: Writing,
): string {
  if (items.length === 0) return open + close
  const deeper = { ...how, level: how.level + 1 }
  const parts = items.map((item) => item(deeper))
  if (how.indent === null) return open + parts.join(', ') + close
  const line = `\n${how.indent.repeat(deeper.level)}`
  return `${open}${line}${parts.join(`,${line}`)}\n${how.indent.repeat(how.level)}${close}`
}

function writeDict(dict: Dict, how: Writing): string {
  const entries = [...dict.entries.values()]
  if (how.sortKeys) entries.sort(([a], [b]) => compare(a, b))
  const items = entries.map(
    ([key, value]) =>
      (deeper: Writing) =>
        `${deeper.quote(keyText(key))}: ${write(value, deeper)}`,
  )
  return writeItems('{', items, '}', how)
}

function keyText(key: Value): string {
  if (isText(key)) return textOf(key)
  if (key === null) return 'null'
  if (typeof key === 'boolean' || typeof key === 'number' || typeof key === 'bigint') return String(key)
  if (key instanceof Float) return floatJson(key.value)
  return raise('TypeError', `keys must be str, int, float, bool or None, not ${typeName(key)}`)
}

function quote(text: string): string {
  return JSON.stringify(text)
    .replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\\u007f/g, '\x7f')
}

/** Python's json.loads; undefined when the text is no JSON. */
export function loadJson(text: string): Value | undefined {
  const reader = new JsonReader(text)
  return reader.read()
}

const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const stringPattern = /"(?:[^"\\\n]|\\.)*"/y
const wordPattern = /true|false|null|NaN|-?Infinity/y
const words: Record<string, Value> = {
  true: true,
  false: false,
  null: null,
  NaN: new Float(Number.NaN),
  Infinity: new Float(Number.POSITIVE_INFINITY),
  '-Infinity': new Float(Number.NEGATIVE_INFINITY),
}

/** Reads JSON with ints and floats told apart, which JSON.parse can't. */
class JsonReader {
  private readonly text: string
  private at = 0
  constructor(text: string) {
    this.text = text
  }

  read(): Value | undefined {
    const value = this.value()
    this.space()
    return this.at === this.text.length ? value : undefined
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match) this.at += match[0].length
    return match ?? undefined
  }

  private space(): void {
    this.match(/[ \t\r\n]*/y)
  }

  private take(char: string): boolean {
    this.space()
    if (this.text[this.at] !== char) return false
    this.at += 1
    return true
  }

  private value(): Value | undefined {
    this.space()
    if (this.take('[')) return this.list()
    if (this.take('{')) return this.dict()
    const word = this.match(wordPattern)
    if (word) return words[word[0]]
    const quoted = this.string()
    if (quoted !== undefined) return quoted
    const number = this.match(numberPattern)
    if (!number) return undefined
    const isFloat = number[1] !== undefined || number[2] !== undefined
    return isFloat ? new Float(Number(number[0])) : normalInt(BigInt(number[0]))
  }

  private string(): string | undefined {
    const quoted = this.match(stringPattern)
    if (!quoted) return undefined
    try {
      return JSON.parse(quoted[0].replace(/[\t]/g, '\\t')) as string
    } catch {
      return undefined
    }
  }

  private list(): Value | undefined {
    const items: Value[] = []
    if (this.take(']')) return items
    do {
      const item = this.value()
      if (item === undefined) return undefined
      items.push(item)
    } while (this.take(','))
    return this.take(']') ? items : undefined
  }

  private dict(): Value | undefined {
    const dict = new Dict()
    if (this.take('}')) return dict
    do {
      this.space()
      const key = this.string()
      if (key === undefined || !this.take(':')) return undefined
      const value = this.value()
      if (value === undefined) return undefined
      dict.set(key, value)
    } while (this.take(','))
    return this.take('}') ? dict : undefined
  }
}
