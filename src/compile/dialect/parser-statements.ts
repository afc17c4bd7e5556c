// Jinja's statements: what may stand in `{% … %}`, and the text between.
import type { Token } from './lexer.ts'
import {
  type CallNode,
  type Node,
  type NodeType,
  nodes,
  type Parameter,
  type SignatureNode,
} from './nodes.ts'
import { ExpressionParser } from './parser-expressions.ts'

/** How often the special names of a macro were read before its body. */
interface ReadMark {
  readonly caller: number
  readonly kwargs: number
  readonly varargs: number
}

/** Reads statements; what defines blocks is added in `TemplateParser`. */
export class StatementParser extends ExpressionParser {
  /** The tags that are waited for, innermost last. */
  private readonly expected: (readonly string[])[] = []
  private readonly opened: string[] = []
  /** Whether the tag just read was read together with its end. */
  protected tagClosed = false
  /** How many loops of the same code are open. */
  private loops = 0

  /** Who reads which tag. */
  private static readonly readers = new Map<string, (parser: StatementParser) => Node | null>(
    Object.entries({
      if: (parser: StatementParser) => parser.parseIf(),
      for: (parser: StatementParser) => parser.parseFor(),
      set: (parser: StatementParser) => parser.parseSet(),
      with: (parser: StatementParser) => parser.parseWith(),
      do: (parser: StatementParser) => parser.parseDo(),
      break: (parser: StatementParser) => parser.parseLoopControl(nodes.Break),
      continue: (parser: StatementParser) => parser.parseLoopControl(nodes.Continue),
      call: (parser: StatementParser) => parser.parseCallBlock(),
      filter: (parser: StatementParser) => parser.parseFilterBlock(),
      print: (parser: StatementParser) => parser.parsePrint(),
      autoescape: (parser: StatementParser) => parser.parseAutoescape(),
      block: (parser: StatementParser) => parser.parseNamedBlock(),
      include: (parser: StatementParser) => parser.parseRefused('include'),
      import: (parser: StatementParser) => parser.parseRefused('import'),
      from: (parser: StatementParser) => parser.parseRefused('from'),
      extends: (parser: StatementParser) => parser.parseRefused('extends'),
    }),
  )

  /** Reads text and tags until one of the given tags, which becomes the current token. */
  protected parseBody(until: readonly string[] | null): Node {
    const start = this.current
    const body: Node[] = []
    let output: Node[] = []
    const flush = () => {
      if (output.length > 0) body.push(this.make(nodes.Output, start, output))
      output = []
    }
    if (until) this.expected.push(until)
    for (;;) {
      const token = this.current
      if (token.type === 'eof') break
      if (token.type === 'data') output.push(this.make(nodes.TemplateData, this.advance(), token.value))
      else if (token.type === 'variable_begin') output.push(this.parseOutput())
      else {
        flush()
        this.advance()
        if (until?.some((name) => this.isName(name))) break
        const statement = this.parseStatement()
        if (statement) body.push(statement)
        if (!this.tagClosed) this.expect('block_end')
        this.tagClosed = false
      }
    }
    flush()
    if (until) {
      if (this.current.type === 'eof') this.failUnfinished()
      this.expected.pop()
    }
    return this.make(nodes.NodeList, start, body)
  }

  private parseOutput(): Node {
    const at = this.advance()
    const expression = this.parseTuple()
    this.expect('variable_end')
    return this.make(nodes.Group, at, [expression])
  }

  private parseStatement(): Node | null {
    if (this.current.type !== 'name') this.fail('tag name expected')
    const name = this.current.value
    const read = StatementParser.readers.get(name)
    this.opened.push(name)
    const node = read ? read(this) : this.parseOther(name)
    this.opened.pop()
    return node
  }

  /** Statements that are not Jinja's own. */
  protected parseOther(_name: string): Node | null {
    this.opened.pop()
    return this.failUnknown()
  }

  private failUnknown(): never {
    const name = this.current.value
    const waiting = this.expected.at(-1)
    const misplaced = this.expected.some((names) => names.includes(name))
    const looking = waiting ? ` Looking for: ${waiting.join(', ')}.` : ''
    const open = this.opened.at(-1)
    const inner = open ? ` The innermost block that needs to be closed is '${open}'.` : ''
    return this.fail(
      `Encountered unknown tag '${name}'.${misplaced ? ' The blocks are nested wrongly.' : ''}${looking}${inner}`,
    )
  }

  private failUnfinished(): never {
    const waiting = this.expected.at(-1) ?? []
    const open = this.opened.at(-1)
    return this.fail(
      `Unexpected end of template. Looking for: ${waiting.join(', ')}.${
        open ? ` The innermost block that needs to be closed is '${open}'.` : ''
      }`,
    )
  }

  /** The body of a block up to one of its end tags; the tag's name is eaten, not yet its `%}`. */
  protected parseBlockBody(until: readonly string[]): { readonly body: Node; readonly end: Token } {
    this.skipIf(':')
    this.expect('block_end')
    const body = this.parseBody(until)
    return { body, end: this.advance() }
  }

  private parseIf(): Node {
    const at = this.advance()
    const condition = this.parseTuple({ inlineIf: false })
    const { body, end } = this.parseBlockBody(['elif', 'else', 'endif'])
    return this.make(nodes.If, at, condition, body, this.parseElse(end))
  }

  private parseElse(end: Token): Node | null {
    if (end.value === 'endif') return null
    if (end.value === 'else') return this.parseBlockBody(['endif']).body
    const condition = this.parseTuple({ inlineIf: false })
    const next = this.parseBlockBody(['elif', 'else', 'endif'])
    return this.make(nodes.If, end, condition, next.body, this.parseElse(next.end))
  }

  private parseFor(): Node {
    const at = this.advance()
    const target = this.parseTarget({ end: 'in' })
    this.expectName('in')
    const values = this.parseTuple({ inlineIf: false, end: 'recursive' })
    const condition = this.skipName('if') ? this.parseAnyExpression() : null
    const recursive = this.skipName('recursive')
    const readsBefore = this.readCount('loop')
    this.loops += 1
    const { body, end } = this.parseBlockBody(['endfor', 'else'])
    this.loops -= 1
    const usesLoop = recursive || this.readCount('loop') > readsBefore
    const otherwise = end.value === 'else' ? this.parseBlockBody(['endfor']).body : null
    return this.make(nodes.Loop, at, values, target, body, otherwise, condition, recursive, usesLoop)
  }

  /** What can stand left of `=` or of `in`. */
  protected parseTarget(rules: { readonly end?: string; readonly namespaces?: boolean } = {}): Node {
    const at = this.current
    const target = this.parseTuple({ simple: true, ...rules })
    if (!isAssignable(target)) this.fail(`can't assign to '${kindOf(target)}'`, at.pos)
    return target
  }

  protected parseNameTarget(): Token {
    const token = this.expect('name')
    if (['true', 'false', 'none', 'True', 'False', 'None'].includes(token.value))
      this.fail("can't assign to 'const'", token.pos)
    return token
  }

  private parseSet(): Node {
    const at = this.advance()
    const target = this.parseTarget({ namespaces: true })
    if (this.skipIf('=')) return this.make(nodes.Assign, at, target, this.parseTuple())
    let filter: Node | null = null
    while (this.current.type === '|') filter = this.parseFilter(filter)
    return this.make(nodes.SetBlock, at, target, filter, this.parseBlockBody(['endset']).body)
  }

  private parseWith(): Node {
    const at = this.advance()
    const targets: Node[] = []
    const values: Node[] = []
    while (this.current.type !== 'block_end') {
      if (targets.length > 0) this.expect(',')
      targets.push(this.parseWithTarget())
      this.expect('=')
      values.push(this.parseAnyExpression())
    }
    return this.make(nodes.With, at, targets, values, this.parseBlockBody(['endwith']).body)
  }

  private parseWithTarget(): Node {
    return this.parseTarget()
  }

  private parseLoopControl(type: NodeType): Node {
    if (this.loops === 0) this.fail(`'${this.current.value}' outside loop`)
    return this.make(type, this.advance())
  }

  private parseDo(): Node {
    const at = this.advance()
    return this.make(nodes.Do, at, this.parseTuple())
  }

  private parseCallBlock(): Node {
    const at = this.advance()
    const parameters = this.current.type === '(' ? this.parseParameters() : []
    const callAt = this.current
    const call = this.parseAnyExpression()
    if (call.typename !== 'FunCall') this.fail('expected call', callAt.pos)
    const caller = this.parseSignatureBody(at, 'caller', parameters, 'endcall').node
    return this.make(nodes.CallBlock, at, call as CallNode, caller)
  }

  private parseFilterBlock(): Node {
    const at = this.advance()
    let filter = this.parseFilter(null, true)
    while (this.current.type === '|') filter = this.parseFilter(filter)
    return this.make(nodes.FilterBlock, at, filter, this.parseBlockBody(['endfilter']).body)
  }

  private parsePrint(): Node {
    const at = this.advance()
    const printed: Node[] = []
    while (this.current.type !== 'block_end') {
      if (printed.length > 0) this.expect(',')
      const itemAt = this.current
      printed.push(this.make(nodes.Group, itemAt, [this.parseAnyExpression()]))
    }
    return this.make(nodes.Output, at, printed)
  }

  private parseAutoescape(): Node {
    const at = this.advance()
    const enabled = this.parseAnyExpression()
    return this.make(nodes.Autoescape, at, enabled, this.parseBlockBody(['endautoescape']).body)
  }

  /** `{% block name %}`: without template inheritance it is its content. */
  private parseNamedBlock(): Node {
    const at = this.advance()
    const name = this.expect('name').value
    this.skipName('scoped')
    this.skipName('required')
    if (this.current.type === '-')
      this.fail('Block names may not contain hyphens, use an underscore instead.')
    const { body } = this.parseBlockBody(['endblock'])
    this.skipName(name)
    return this.make(nodes.Scope, at, body)
  }

  /** Statements that need a template loader, which dbt has not: they fail when they are reached. */
  private parseRefused(tag: string): Node {
    const at = this.advance()
    while (this.current.type !== 'block_end') this.advance()
    return this.make(
      nodes.Refused,
      at,
      `{% ${tag} %} needs a template loader; macros are found by name without it`,
    )
  }

  /** `(a, b: str = 'x')` */
  protected parseParameters(): Parameter[] {
    const parameters: Parameter[] = []
    this.expect('(')
    while (this.current.type !== ')') {
      if (parameters.length > 0) this.expect(',')
      const token = this.parseNameTarget()
      const typeName = this.skipIf(':') ? this.parseTypeName() : null
      const defaultValue = this.skipIf('=') ? this.parseAnyExpression() : null
      if (!defaultValue && parameters.at(-1)?.defaultValue)
        this.fail('non-default argument follows default argument', token.pos)
      if (token.value === 'caller' && !defaultValue)
        this.fail('the special "caller" argument must be omitted or be given a default', token.pos)
      parameters.push({ name: token.value, defaultValue, typeName, pos: token.pos })
    }
    this.expect(')')
    return parameters
  }

  private parseTypeName(): string {
    const name = this.expect('name').value
    if (!this.skipIf('[')) return name
    const inner: string[] = []
    while (this.current.type !== ']') {
      if (inner.length > 0) this.expect(',')
      inner.push(this.parseTypeName())
    }
    this.expect(']')
    return `${name}[${inner.join(', ')}]`
  }

  /** The body of something macro-like, up to its end tag. */
  protected parseSignatureBody(
    at: Token,
    name: string,
    parameters: readonly Parameter[],
    endTag: string,
  ): { readonly node: SignatureNode; readonly bodyStart: number; readonly bodyEnd: number } {
    const before = this.markReads()
    const outerLoops = this.loops
    this.loops = 0
    this.skipIf(':')
    if (this.current.type !== 'block_end') this.expect('block_end')
    this.advance()
    const bodyStart = this.current.pos
    const body = this.parseBody([endTag])
    this.loops = outerLoops
    const bodyEnd = this.current.pos
    this.advance()
    const now = this.markReads()
    const node = this.make(
      nodes.Signature,
      at,
      name,
      parameters,
      body,
      now.caller > before.caller,
      now.kwargs > before.kwargs,
      now.varargs > before.varargs,
    )
    return { node, bodyStart, bodyEnd }
  }

  private markReads(): ReadMark {
    return {
      caller: this.readCount('caller'),
      kwargs: this.readCount('kwargs'),
      varargs: this.readCount('varargs'),
    }
  }
}

function isAssignable(node: Node): boolean {
  if (node.typename === 'Tuple') return node.findAll !== undefined && childrenOf(node).every(isAssignable)
  return node.typename === 'Symbol' || node.typename === 'NamespaceTarget'
}

function childrenOf(node: Node): readonly Node[] {
  return (node as unknown as { children: readonly Node[] }).children
}

function kindOf(node: Node): string {
  const names: Record<string, string> = { Literal: 'const', Array: 'list', FunCall: 'call' }
  return names[node.typename] ?? node.typename.toLowerCase()
}
