// Jinja's expression grammar, rule by rule in Jinja's order of precedence.
import type { Token } from './lexer.ts'
import { type ArgumentsNode, type Node, type NodeType, nodes, type SymbolNode } from './nodes.ts'
import { staticCall } from './static-calls.ts'
import { TokenReader } from './token-reader.ts'
import type { Value } from './values/value.ts'

const constants = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
])
const comparisons = new Set(['==', '!=', '<', '<=', '>', '>='])

/** How a tuple without brackets is read. */
interface TupleRules {
  readonly simple?: boolean
  readonly inlineIf?: boolean
  readonly end?: string
  readonly bracketed?: boolean
  readonly namespaces?: boolean
}

/** Reads expressions. */
export class ExpressionParser extends TokenReader {
  protected parseAnyExpression(inlineIf = true): Node {
    return inlineIf ? this.parseInlineIf() : this.parseOr()
  }

  private parseInlineIf(): Node {
    const at = this.current
    let body = this.parseOr()
    while (this.skipName('if')) {
      const condition = this.parseOr()
      const otherwise = this.skipName('else') ? this.parseInlineIf() : null
      body = this.make(nodes.InlineIf, at, condition, body, otherwise)
    }
    return body
  }

  private parseOr(): Node {
    const at = this.current
    let left = this.parseAnd()
    while (this.skipName('or')) left = this.make(nodes.Or, at, left, this.parseAnd())
    return left
  }

  private parseAnd(): Node {
    const at = this.current
    let left = this.parseNot()
    while (this.skipName('and')) left = this.make(nodes.And, at, left, this.parseNot())
    return left
  }

  private parseNot(): Node {
    if (!this.isName('not')) return this.parseCompare()
    const at = this.advance()
    return this.make(nodes.Not, at, this.parseNot())
  }

  private parseCompare(): Node {
    const at = this.current
    const first = this.parseSum()
    const operands: Node[] = []
    for (;;) {
      const operator = this.comparison()
      if (!operator) break
      operands.push(this.make(nodes.CompareOperand, at, this.parseSum(), operator))
    }
    return operands.length === 0 ? first : this.make(nodes.Compare, at, first, operands)
  }

  private comparison(): string | undefined {
    if (comparisons.has(this.current.type)) return this.advance().type
    if (this.skipName('in')) return 'in'
    if (!this.isName('not') || !this.isName('in', this.look())) return undefined
    this.advance()
    this.advance()
    return 'not in'
  }

  private parseSum(): Node {
    const at = this.current
    let left = this.parseJoin()
    while (this.current.type === '+' || this.current.type === '-') {
      const type = this.advance().type === '+' ? nodes.Add : nodes.Sub
      left = this.make(type, at, left, this.parseJoin())
    }
    return left
  }

  private parseJoin(): Node {
    const at = this.current
    const parts = [this.parseProduct()]
    while (this.skipIf('~')) parts.push(this.parseProduct())
    return parts.length === 1 ? parts[0]! : this.make(nodes.Join, at, parts)
  }

  private parseProduct(): Node {
    const types: Record<string, NodeType | undefined> = {
      '*': nodes.Mul,
      '/': nodes.Div,
      '//': nodes.FloorDiv,
      '%': nodes.Mod,
    }
    const at = this.current
    let left = this.parsePower()
    for (let type = types[this.current.type]; type; type = types[this.current.type]) {
      this.advance()
      left = this.make(type, at, left, this.parsePower())
    }
    return left
  }

  private parsePower(): Node {
    const at = this.current
    let left = this.parseUnary()
    while (this.skipIf('**')) left = this.make(nodes.Pow, at, left, this.parseUnary())
    return left
  }

  protected parseUnary(withFilter = true): Node {
    const at = this.current
    let node: Node
    if (this.skipIf('-')) node = this.make(nodes.Neg, at, this.parseUnary(false))
    else if (this.skipIf('+')) node = this.make(nodes.Pos, at, this.parseUnary(false))
    else node = this.parsePrimary()
    node = this.parsePostfix(node)
    return withFilter ? this.parseFiltersAndTests(node) : node
  }

  protected parsePrimary(namespaces = false): Node {
    const token = this.current
    switch (token.type) {
      case 'name':
        return this.parseName(namespaces)
      case 'string':
        return this.parseStrings()
      case 'integer':
      case 'float':
        this.advance()
        return this.make(nodes.Literal, token, token.literal)
      case '(':
        return this.parseBracketed()
      case '[':
        return this.parseList()
      case '{':
        return this.parseDict()
      default:
        return this.fail(`unexpected '${this.found()}'`)
    }
  }

  private parseName(namespaces: boolean): Node {
    const token = this.advance()
    const constant = constants.get(token.value)
    if (constant !== undefined) return this.make(nodes.Literal, token, constant)
    if (namespaces && this.skipIf('.'))
      return this.make(nodes.NamespaceTarget, token, token.value, this.expect('name').value)
    return this.make(nodes.Symbol, token, token.value)
  }

  private parseStrings(): Node {
    const at = this.current
    let text = ''
    while (this.current.type === 'string') text += this.advance().value
    return this.make(nodes.Literal, at, text)
  }

  private parseBracketed(): Node {
    this.expect('(')
    const node = this.parseTuple({ bracketed: true })
    this.expect(')')
    return node
  }

  /** An expression, or several with commas between them, which make a tuple. */
  protected parseTuple(rules: TupleRules = {}): Node {
    const at = this.current
    const items: Node[] = []
    let isTuple = false
    for (;;) {
      if (items.length > 0) this.expect(',')
      if (this.isTupleEnd(rules)) break
      items.push(
        rules.simple ? this.parsePrimary(rules.namespaces) : this.parseAnyExpression(rules.inlineIf ?? true),
      )
      if (this.current.type !== ',') break
      isTuple = true
    }
    if (isTuple) return this.make(nodes.Tuple, at, items)
    if (items[0]) return items[0]
    if (!rules.bracketed) this.fail(`Expected an expression, got '${this.found()}'`)
    return this.make(nodes.Tuple, at, items)
  }

  private isTupleEnd(rules: TupleRules): boolean {
    const { type } = this.current
    if (type === 'variable_end' || type === 'block_end' || type === ')') return true
    return rules.end !== undefined && this.isName(rules.end)
  }

  private parseList(): Node {
    const at = this.expect('[')
    const items: Node[] = []
    while (this.current.type !== ']') {
      if (items.length > 0) this.expect(',')
      if (this.current.type === ']') break
      items.push(this.parseAnyExpression())
    }
    this.expect(']')
    return this.make(nodes.Array, at, items)
  }

  private parseDict(): Node {
    const at = this.expect('{')
    const items: Node[] = []
    while (this.current.type !== '}') {
      if (items.length > 0) this.expect(',')
      if (this.current.type === '}') break
      const keyAt = this.current
      const key = this.parseAnyExpression()
      this.expect(':')
      items.push(this.make(nodes.Pair, keyAt, key, this.parseAnyExpression()))
    }
    this.expect('}')
    return this.make(nodes.Dict, at, items)
  }

  protected parsePostfix(start: Node): Node {
    let node = start
    for (;;) {
      if (this.current.type === '.') node = this.parseAttribute(node)
      else if (this.current.type === '[') node = this.parseSubscript(node)
      else if (this.current.type === '(') node = this.parseCall(node)
      else break
    }
    this.countRead(start)
    return node
  }

  private countRead(node: Node): void {
    if (node.typename !== 'Symbol') return
    const name = (node as SymbolNode).value
    this.names.add(name)
    this.reads.set(name, this.readCount(name) + 1)
  }

  private parseAttribute(target: Node): Node {
    const at = this.expect('.')
    const name = this.advance()
    if (name.type === 'integer') {
      const index = this.make(nodes.Literal, name, name.literal)
      return this.make(nodes.LookupVal, at, target, index)
    }
    if (name.type !== 'name') this.fail('expected name or number', name.pos)
    if (target.typename === 'Symbol') this.names.add(`${(target as SymbolNode).value}.${name.value}`)
    return this.make(nodes.Attribute, at, target, name.value)
  }

  private parseSubscript(target: Node): Node {
    const at = this.expect('[')
    const parts: Node[] = []
    while (this.current.type !== ']') {
      if (parts.length > 0) this.expect(',')
      parts.push(this.parseSubscribed())
    }
    this.expect(']')
    const key = parts.length === 1 ? parts[0] : this.make(nodes.Tuple, at, parts)
    return this.make(nodes.LookupVal, at, target, key)
  }

  private parseSubscribed(): Node {
    const at = this.current
    const start = this.current.type === ':' ? null : this.parseAnyExpression()
    if (start && this.current.type !== ':') return start
    this.expect(':')
    const stop = this.maybeSliceBound()
    const step = this.skipIf(':') ? this.maybeSliceBound() : null
    return this.make(nodes.Slice, at, start, stop, step)
  }

  private maybeSliceBound(): Node | null {
    return [':', ']', ','].includes(this.current.type) ? null : this.parseAnyExpression()
  }

  protected parseCall(callee: Node): Node {
    const at = this.current
    const args = this.parseArguments()
    const call = this.make(nodes.FunCall, at, callee, args)
    const listed = staticCall(this.source, call, this.blockName)
    if (listed) this.calls.push(listed)
    return call
  }

  protected parseArguments(): ArgumentsNode {
    const at = this.expect('(')
    const positional: Node[] = []
    const keywords: { name: string; value: Node }[] = []
    let star: Node | null = null
    let doubleStar: Node | null = null
    const ensure = (holds: boolean) => {
      if (!holds) this.fail('invalid syntax for function call expression', at.pos)
    }
    for (let first = true; this.current.type !== ')'; first = false) {
      if (!first) {
        this.expect(',')
        if (this.current.type === ')') break
      }
      if (this.skipIf('*')) {
        ensure(!star && !doubleStar)
        star = this.parseAnyExpression()
      } else if (this.skipIf('**')) {
        ensure(!doubleStar)
        doubleStar = this.parseAnyExpression()
      } else if (this.current.type === 'name' && this.look().type === '=') {
        ensure(!doubleStar)
        const name = this.advance().value
        this.advance()
        keywords.push({ name, value: this.parseAnyExpression() })
      } else {
        ensure(!star && !doubleStar && keywords.length === 0)
        positional.push(this.parseAnyExpression())
      }
    }
    this.expect(')')
    return this.make(nodes.Arguments, at, positional, keywords, star, doubleStar) as ArgumentsNode
  }

  private noArguments(at: Token, positional: Node[] = []): Node {
    return this.make(nodes.Arguments, at, positional, [], null, null)
  }

  private dottedName(): string {
    let name = this.expect('name').value
    while (this.skipIf('.')) name += `.${this.expect('name').value}`
    return name
  }

  protected parseFiltersAndTests(start: Node): Node {
    let node = start
    for (;;) {
      if (this.current.type === '|') node = this.parseFilter(node)
      else if (this.isName('is')) node = this.parseTest(node)
      else if (this.current.type === '(') node = this.parseCall(node)
      else return node
    }
  }

  /** `| name(…)`, once; `startInline` reads the first one without its pipe. */
  protected parseFilter(target: Node | null, startInline = false): Node {
    if (!startInline) this.expect('|')
    const at = this.current
    const name = this.dottedName()
    const args = this.current.type === '(' ? this.parseArguments() : this.noArguments(at)
    return this.make(nodes.FilterCall, at, name, target, args)
  }

  private parseTest(target: Node): Node {
    const at = this.advance()
    const negated = this.skipName('not')
    const name = this.dottedName()
    const test = this.make(nodes.Test, at, name, target, this.parseTestArguments(at))
    return negated ? this.make(nodes.Not, at, test) : test
  }

  private parseTestArguments(at: Token): Node {
    if (this.current.type === '(') return this.parseArguments()
    const opens = ['name', 'string', 'integer', 'float', '[', '{'].includes(this.current.type)
    const isOperand = opens && !['else', 'or', 'and'].some((word) => this.isName(word))
    if (!isOperand) return this.noArguments(at)
    if (this.isName('is')) this.fail('You cannot chain multiple tests with is')
    return this.noArguments(at, [this.parsePostfix(this.parsePrimary())])
  }
}
