// From source text to tokens, by the rules of Jinja's own lexer: the same tags, white space control, literals
// and balanced brackets (so that `}}` inside a dict does not end the tag).
import { placeOf, type SourceText } from './lines.ts'
import { unescapeString } from './string-escapes.ts'
import { TemplateError } from './template-error.ts'
import { parseInteger } from './values/numbers.ts'
import { Float, type Value } from './values/value.ts'

/** A token; an operator's type is the operator itself. */
export interface Token {
  readonly type: string
  /** The text, unescaped for strings, or the number. */
  readonly value: string
  readonly literal: Value
  /** Offset in the source, and 0-based line and column as nunjucks counts them. */
  readonly pos: number
  readonly line: number
  readonly column: number
}

const opening = /\{\{[-+]?|\{%[-+]?|\{#[-+]?/g
const rawTag = /\{%[-+]?\s*raw\s*(-%\}\s*|%\})/y
const rawEnd = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\})/g
const commentEnd = /\+#\}|-#\}\s*|#\}/g
const blockEnd = /\+%\}|-%\}\s*|%\}/y
const variableEnd = /-\}\}\s*|\}\}/y
const space = /\s+/y
const float = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy
const name = /[\p{L}\p{N}_]+/uy
const string = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y
const operator = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y
const closers: Record<string, string> = { '(': ')', '[': ']', '{': '}' }

/** Letters, the underscore, and whatever is beyond ASCII, which the pattern decides. */
function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code > 0x7f
}

/** Reads tokens one after the other. */
export class Lexer {
  readonly source: SourceText
  private pos = 0
  private line = 0
  private lineStart = 0
  private counted = 0
  private readonly brackets: string[] = []
  private inside: 'data' | 'variable' | 'block' = 'data'
  private readonly waiting: Token[] = []

  /** Reads from an offset on. */
  constructor(source: SourceText, start = 0) {
    this.source = source
    this.pos = start
  }

  /** The next token; after the last one, `eof` for ever. */
  next(): Token {
    const ready = this.waiting.shift()
    if (ready) return ready
    return this.inside === 'data' ? this.nextInData() : this.nextInTag()
  }

  /** The word that comes next in a tag, if any, without reading it. */
  upcomingWord(): string {
    return /^\s*(\w*)/.exec(this.source.text.slice(this.pos, this.pos + 100))?.[1] ?? ''
  }

  /** Leaves a tag whose content is of no interest; strings in it are respected. */
  skipTag(): void {
    const { text } = this.source
    const end = this.inside === 'variable' ? variableEnd : blockEnd
    while (this.pos < text.length && !this.match(end)) if (!this.match(string)) this.pos += 1
    this.leaveTag()
  }

  fail(message: string, pos: number, hint?: string): never {
    throw new TemplateError({
      message,
      kind: 'TemplateSyntaxError',
      place: placeOf(this.source, pos),
      ...(hint !== undefined && { hint }),
    })
  }

  private token(type: string, pos: number, value = '', literal: Value = null): Token {
    const { text } = this.source
    let newline = text.indexOf('\n', this.counted)
    while (newline >= 0 && newline < pos) {
      this.line += 1
      this.lineStart = newline + 1
      newline = text.indexOf('\n', newline + 1)
    }
    this.counted = Math.max(this.counted, pos)
    return { type, value, literal, pos, line: this.line, column: pos - this.lineStart }
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.pos
    const match = pattern.exec(this.source.text)
    if (!match) return undefined
    this.pos = match.index + match[0].length
    return match
  }

  private leaveTag(): void {
    this.inside = 'data'
    this.brackets.length = 0
  }

  private nextInData(): Token {
    const { text } = this.source
    const start = this.pos
    if (start >= text.length) return this.token('eof', text.length)
    opening.lastIndex = start
    const open = opening.exec(text)
    if (!open) {
      this.pos = text.length
      return this.token('data', start, text.slice(start))
    }
    const data = text.slice(start, open.index)
    const kept = open[0].endsWith('-') ? data.replace(/\s+$/, '') : data
    const dataToken = kept === '' ? undefined : this.token('data', start, kept)
    const tag = this.openTag(open)
    if (!dataToken) return tag ?? this.next()
    if (tag) this.waiting.push(tag)
    return dataToken
  }

  /** Goes into a tag, over a comment, or through a raw block. */
  private openTag(open: RegExpExecArray): Token | undefined {
    this.pos = open.index
    const raw = open[0].startsWith('{%') ? this.match(rawTag) : undefined
    if (raw) return this.rawText(open.index)
    this.pos = open.index + open[0].length
    if (open[0].startsWith('{#')) {
      if (!this.match(commentEnd)) this.fail('Missing end of comment tag', open.index, 'close it with #}')
      return undefined
    }
    this.inside = open[0].startsWith('{{') ? 'variable' : 'block'
    return this.token(`${this.inside}_begin`, open.index)
  }

  private rawText(open: number): Token | undefined {
    const start = this.pos
    const end = this.match(rawEnd)
    if (!end) return this.fail('Missing end of raw directive', open, 'close it with {% endraw %}')
    const text = this.source.text.slice(start, end.index)
    const kept = end[1] === '-' ? text.replace(/\s+$/, '') : text
    return kept === '' ? undefined : this.token('data', start, kept)
  }

  private nextInTag(): Token {
    const { text } = this.source
    for (;;) {
      const start = this.pos
      if (start >= text.length) return this.unfinished()
      const end = this.inside === 'variable' ? variableEnd : blockEnd
      if (this.brackets.length === 0 && this.match(end)) {
        const token = this.token(`${this.inside}_end`, start)
        this.leaveTag()
        return token
      }
      if (!this.match(space)) return this.content(start)
    }
  }

  private unfinished(): never {
    const bracket = this.brackets.at(-1)
    return this.fail(
      bracket ? `unexpected end of template, expected '${bracket}'` : 'unexpected end of template',
      this.source.text.length,
      this.inside === 'variable' ? 'close the tag with }}' : 'close the tag with %}',
    )
  }

  private content(start: number): Token {
    const code = this.source.text.charCodeAt(start)
    if (code === 0x22 || code === 0x27) return this.quoted(start)
    if (code >= 0x30 && code <= 0x39) return this.number(start)
    const word = isWordStart(code) ? this.match(name) : undefined
    if (word) return this.token('name', start, word[0])
    const sign = this.match(operator)
    if (!sign) return this.fail(`unexpected char ${JSON.stringify(this.source.text[start])}`, start)
    this.balance(sign[0], start)
    return this.token(sign[0], start, sign[0])
  }

  private quoted(start: number): Token {
    const match = this.match(string)
    if (!match)
      return this.fail(
        `unexpected char ${JSON.stringify(this.source.text[start])}`,
        start,
        'the string is not closed',
      )
    const value = unescapeString(match[0].slice(1, -1))
    if (value === undefined) return this.fail('malformed escape in the string', start)
    return this.token('string', start, value, value)
  }

  /** A number; after a point only digits, so that `x.1.2` are two subscripts. */
  private number(start: number): Token {
    const broken = this.source.text[start - 1] === '.' ? undefined : this.match(float)
    if (broken) return this.floatToken(broken[0], start)
    const whole = this.match(integer)
    if (whole) return this.token('integer', start, whole[0], parseInteger(whole[0], 0) ?? 0)
    return this.fail('Invalid character in identifier', start)
  }

  private floatToken(text: string, start: number): Token {
    return this.token('float', start, text, new Float(Number(text.replaceAll('_', ''))))
  }

  private balance(sign: string, start: number): void {
    const closer = closers[sign]
    if (closer) this.brackets.push(closer)
    if (sign !== ')' && sign !== ']' && sign !== '}') return
    const expected = this.brackets.pop()
    if (expected === undefined) this.fail(`unexpected '${sign}'`, start)
    if (expected !== sign) this.fail(`unexpected '${sign}', expected '${expected}'`, start)
  }
}
