// A whole template file: statements, and the blocks that define macros, tests, materializations, docs and
// snapshots as dbt reads them.
import nunjucks from 'nunjucks'
import { extensionParser } from './extension-parser.ts'
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
  /** Where in the text the template begins. */
  readonly start: number
  readonly root: Node
  readonly definitions: readonly Definition[]
  readonly calls: readonly StaticCall[]
  readonly names: ReadonlySet<string>
}

/** A nunjucks extension: tags, and a function that parses them. */
export interface Extension {
  readonly tags: readonly string[]
  parse(parser: unknown, nodes: unknown, lexer: unknown): unknown
}

const { lexer } = nunjucks as unknown as { lexer: unknown }

/** How to read a file. */
export interface ParseMode {
  /** Only the blocks that define something are read; text, tags and mistakes around them are passed over. */
  readonly definitionsOnly?: boolean
  /** White space at both ends of the file is no part of the template, as in the files of a dbt project. */
  readonly trimmed?: boolean
}

type ReadDefinition = (parser: TemplateParser, at: Token, tag: Token) => Definition

const definingTags = ['macro', 'test', 'data_test', 'materialization', 'docs', 'snapshot']

/** Reads a whole file. */
export class TemplateParser extends StatementParser {
  readonly definitions: Definition[] = []
  private readonly extensions: readonly Extension[]
  private readonly start: number

  constructor(source: SourceText, extensions: readonly Extension[], start: number) {
    super(source, start)
    this.extensions = extensions
    this.start = start
  }

  private static readonly definers: Record<string, ReadDefinition> = {
    macro: (parser, at, tag) => parser.parseMacro(at, tag, 'macro'),
    test: (parser, at, tag) => parser.parseMacro(at, tag, 'test'),
    data_test: (parser, at, tag) => parser.parseMacro(at, tag, 'test'),
    materialization: (parser, at, tag) => parser.parseMaterialization(at, tag),
    docs: (parser, at, tag) => parser.parseNamed(at, tag, 'docs'),
    snapshot: (parser, at, tag) => parser.parseNamed(at, tag, 'snapshot'),
  }

  protected override parseOther(name: string): Node | null {
    if (definingTags.includes(name)) return this.parseDefinition()
    const extension = this.extensions.find(({ tags }) => tags.includes(name))
    return extension ? this.parseExtension(extension) : super.parseOther(name)
  }

  /** A tag of a nunjucks extension; its own parser reads it to the end. */
  private parseExtension(extension: Extension): Node {
    const at = this.current
    const parser = extensionParser({
      current: () => this.current,
      advance: () => this.advance(),
      expression: () => this.parseAnyExpression(),
      bodyUntil: (names) => this.parseBody(names),
      list: (token, items) => this.make(nodes.NodeList, token, items),
      keywords: (token, pairs) => this.keywordRecord(token, pairs),
      fail: (message) => this.fail(message),
    })
    const node = extension.parse(parser, nodes, lexer) as Node
    node.pos = at.pos
    this.tagClosed = true
    return node
  }

  private keywordRecord(at: Token, pairs: readonly (readonly [Token, Node])[]): Node {
    const pair = (token: Token, key: string, value: Node) =>
      this.make(nodes.Pair, token, this.make(nodes.Literal, token, key), value)
    const mark = pair(at, '__keywords', this.make(nodes.Literal, at, true))
    return this.make(nodes.Dict, at, [
      ...pairs.map(([token, value]) => pair(token, token.value, value)),
      mark,
    ])
  }

  protected parseAll(): Node {
    return this.parseBody(null)
  }

  /** Reads the definitions of a file and passes over everything else. */
  protected parseDefinitionsOnly(): Node {
    const start = this.current
    while (this.current.type !== 'eof') {
      const { type } = this.current
      if (type === 'block_begin' && definingTags.includes(this.lexer.upcomingWord())) {
        this.advance()
        this.parseDefinition()
        this.expect('block_end')
        continue
      }
      if (type === 'block_begin' || type === 'variable_begin') this.lexer.skipTag()
      this.advance()
    }
    return this.make(nodes.Root, start, [])
  }

  /** In another block a macro is a local value; at the top it is listed and prints nothing. */
  private parseDefinition(): Node | null {
    const tag = this.advance()
    const read = TemplateParser.definers[tag.value]!
    const outer = this.blockName
    const isLocal = outer !== null && tag.value === 'macro'
    this.blockName = this.current.type === 'name' ? this.current.value : ''
    const definition = read(this, tag, tag)
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
    const { source, start, definitions, calls, names } = this
    return { source, start, root, definitions, calls, names }
  }
}

/** A template file's text as it is parsed, and where in it the template begins. */
export function templateSource(
  source: string,
  file: string,
  mode: ParseMode = {},
): { readonly source: SourceText; readonly start: number } {
  const text = normalSource(mode.trimmed ? source.trimEnd() : source)
  const start = mode.trimmed ? text.length - text.trimStart().length : 0
  return { source: { file, text }, start }
}

/** Reads a template file. */
export function parseSource(
  source: SourceText,
  start: number,
  mode: ParseMode = {},
  extensions: readonly Extension[] = [],
): ParsedSource {
  return new TemplateParser(source, extensions, start).parse(mode)
}
