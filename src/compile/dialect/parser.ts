// A whole template file: statements, and the blocks that define macros, tests, materializations, docs and
// snapshots as dbt reads them.
import type { Token } from './lexer.ts'
import { normalSource, type SourceText } from './lines.ts'
import {
  type ListNode,
  type LiteralNode,
  type Node,
  nodes,
  type Parameter,
  type SignatureNode,
} from './nodes.ts'
import { StatementParser } from './parser-statements.ts'
import type { BlockKind, StaticCall } from './template.ts'

/** A block that defines something, as parsed. */
export interface Definition {
  readonly kind: BlockKind
  readonly name: string
  readonly adapter: string | null
  readonly supportedLanguages: readonly string[] | null
  readonly signature: SignatureNode
  readonly pos: number
  readonly end: number
  readonly bodyStart: number
  readonly bodyEnd: number
}

/** What the parser gives. */
export interface ParsedSource {
  readonly source: SourceText
  readonly root: Node
  readonly definitions: readonly Definition[]
  readonly calls: readonly StaticCall[]
  readonly names: ReadonlySet<string>
}

/** How to read a file. */
export interface ParseMode {
  /** Only the blocks that define something are read; text, tags and mistakes around them are passed over. */
  readonly definitionsOnly?: boolean
}

type ReadDefinition = (at: Token, tag: Token) => Definition

const definingTags = ['macro', 'test', 'data_test', 'materialization', 'docs', 'snapshot']

/** Reads a whole file. */
export class TemplateParser extends StatementParser {
  readonly definitions: Definition[] = []

  private readonly readers: Record<string, ReadDefinition> = {
    macro: (at, tag) => this.parseMacro(at, tag, 'macro'),
    test: (at, tag) => this.parseMacro(at, tag, 'test'),
    data_test: (at, tag) => this.parseMacro(at, tag, 'test'),
    materialization: (at, tag) => this.parseMaterialization(at, tag),
    docs: (at, tag) => this.parseNamed(at, tag, 'docs'),
    snapshot: (at, tag) => this.parseNamed(at, tag, 'snapshot'),
  }

  protected parseAll(): Node {
    for (const tag of definingTags) this.statements[tag] = () => this.parseDefinition()
    return this.parseBody(null)
  }

  /** Reads the definitions of a file and passes over everything else. */
  protected parseDefinitionsOnly(): Node {
    for (const tag of definingTags) this.statements[tag] = () => this.parseDefinition()
    const start = this.current
    while (this.current.type !== 'eof') {
      const { type } = this.advance()
      if (type === 'variable_begin' || (type === 'block_begin' && !this.isDefining())) {
        if (this.current.type !== 'variable_end' && this.current.type !== 'block_end') this.passOver()
        this.advance()
      } else if (type === 'block_begin') {
        this.parseDefinition()
        this.expect('block_end')
      }
    }
    return this.make(nodes.Root, start, [])
  }

  private isDefining(): boolean {
    return this.current.type === 'name' && definingTags.includes(this.current.value)
  }

  private passOver(): void {
    this.lexer.skipTag()
  }

  /** In another block a macro is a local value; at the top it is listed and prints nothing. */
  private parseDefinition(): Node | null {
    const tag = this.advance()
    const read = this.readers[tag.value]!
    const outer = this.blockName
    const isLocal = outer !== null && tag.value === 'macro'
    this.blockName = this.current.type === 'name' ? this.current.value : ''
    const definition = read(tag, tag)
    this.blockName = outer
    if (isLocal) return definition.signature
    this.definitions.push(definition)
    return null
  }

  private parseMacro(at: Token, tag: Token, kind: BlockKind): Definition {
    const name = this.parseNameTarget().value
    return this.finish(at, tag, kind, name, this.parseParameters())
  }

  private parseNamed(at: Token, tag: Token, kind: BlockKind): Definition {
    return this.finish(at, tag, kind, this.parseNameTarget().value, [])
  }

  private parseMaterialization(at: Token, tag: Token): Definition {
    const name = this.parseNameTarget().value
    let adapter = 'default'
    let languages: readonly string[] | null = null
    while (this.skipIf(',')) {
      const option = this.parseNameTarget()
      if (option.value === 'default') continue
      if (option.value !== 'adapter' && option.value !== 'supported_languages')
        this.fail(
          `materialization '${name}' received unknown argument '${option.value}'`,
          option.pos,
          "allowed are default, adapter='…' and supported_languages=[…]",
        )
      this.expect('=')
      const value = this.parseAnyExpression()
      if (option.value === 'adapter') adapter = String((value as LiteralNode).value)
      else languages = ((value as ListNode).children ?? []).map((item) => String((item as LiteralNode).value))
    }
    return { ...this.finish(at, tag, 'materialization', name, []), adapter, supportedLanguages: languages }
  }

  private finish(
    at: Token,
    tag: Token,
    kind: BlockKind,
    name: string,
    parameters: readonly Parameter[],
  ): Definition {
    const parsed = this.parseSignatureBody(at, name, parameters, `end${tag.value}`)
    const { text } = this.source
    const close = text.indexOf('%}', parsed.bodyEnd)
    return {
      kind,
      name,
      adapter: null,
      supportedLanguages: null,
      signature: parsed.node,
      pos: text.lastIndexOf('{%', at.pos),
      end: close < 0 ? text.length : close + 2,
      bodyStart: parsed.bodyStart,
      bodyEnd: text.lastIndexOf('{%', parsed.bodyEnd),
    }
  }

  /** Reads the file. */
  parse(mode: ParseMode): ParsedSource {
    const root = mode.definitionsOnly ? this.parseDefinitionsOnly() : this.parseAll()
    const { source, definitions, calls, names } = this
    return { source, root, definitions, calls, names }
  }
}

/** Reads a template file. */
export function parseSource(source: string, file: string, mode: ParseMode = {}): ParsedSource {
  return new TemplateParser({ file, text: normalSource(source) }).parse(mode)
}
