// What every part of the parser does with tokens.
import { Lexer, type Token } from './lexer.ts'
import type { SourceText } from './lines.ts'
import type { Node, NodeType } from './nodes.ts'
import type { StaticCall } from './template.ts'

/** Reads tokens with one to look ahead at, and makes nodes of them. */
export class TokenReader {
  protected readonly lexer: Lexer
  protected readonly source: SourceText
  protected current: Token
  private ahead: Token | undefined
  readonly calls: StaticCall[] = []
  readonly names = new Set<string>()
  /** How often each name was read so far: shows whether a body reads `loop` or `caller`. */
  protected readonly reads = new Map<string, number>()
  protected blockName: string | null = null

  constructor(source: SourceText, start = 0) {
    this.source = source
    this.lexer = new Lexer(source, start)
    this.current = this.lexer.next()
  }

  protected advance(): Token {
    const token = this.current
    this.current = this.ahead ?? this.lexer.next()
    this.ahead = undefined
    return token
  }

  protected look(): Token {
    this.ahead ??= this.lexer.next()
    return this.ahead
  }

  protected isName(value: string, token: Token = this.current): boolean {
    return token.type === 'name' && token.value === value
  }

  protected skipName(value: string): boolean {
    if (!this.isName(value)) return false
    this.advance()
    return true
  }

  protected skipIf(type: string): boolean {
    if (this.current.type !== type) return false
    this.advance()
    return true
  }

  protected expect(type: string): Token {
    if (this.current.type !== type) this.fail(`expected token '${describe(type)}', got '${this.found()}'`)
    return this.advance()
  }

  protected expectName(value: string): Token {
    if (!this.isName(value)) this.fail(`expected token '${value}', got '${this.found()}'`)
    return this.advance()
  }

  protected found(token: Token = this.current): string {
    return token.type === 'name' || token.type === 'string' ? token.value : describe(token.type)
  }

  protected fail(message: string, pos: number = this.current.pos, hint?: string): never {
    return this.lexer.fail(message, pos, hint)
  }

  /** Makes a node at the place of a token. */
  protected make<N extends Node>(type: NodeType<N>, at: Token, ...fields: unknown[]): N {
    const node = new type(at.line, at.column, ...fields)
    node.pos = at.pos
    return node
  }

  protected readCount(name: string): number {
    return this.reads.get(name) ?? 0
  }
}

function describe(type: string): string {
  const words: Record<string, string> = {
    variable_begin: 'begin of print statement',
    variable_end: 'end of print statement',
    block_begin: 'begin of statement block',
    block_end: 'end of statement block',
    data: 'template data / text',
    eof: 'end of template',
  }
  return words[type] ?? type
}
