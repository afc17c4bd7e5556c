// The parser as nunjucks extensions know it: the methods that their `parse(parser, nodes, lexer)` calls.
import type { Token } from './lexer.ts'
import type { Node } from './nodes.ts'

/** What the extension's parser needs of ours. */
export interface ParserAccess {
  readonly current: () => Token
  readonly advance: () => Token
  readonly expression: () => Node
  readonly bodyUntil: (names: readonly string[]) => Node
  readonly list: (at: Token, items: readonly Node[]) => Node
  /** The keyword arguments of a tag as one node. */
  readonly keywords: (at: Token, pairs: readonly (readonly [Token, Node])[]) => Node
  readonly fail: (message: string) => never
}

/** A token in nunjucks' words. */
interface ForeignToken {
  readonly type: string
  readonly value: string
  readonly lineno: number
  readonly colno: number
}

const foreignTypes: Record<string, string> = {
  name: 'symbol',
  block_end: 'block-end',
  block_begin: 'block-start',
  variable_begin: 'variable-start',
  variable_end: 'variable-end',
  integer: 'int',
  '(': 'left-paren',
  ')': 'right-paren',
  ',': 'comma',
}

function foreign({ type, value, line, column }: Token): ForeignToken {
  return { type: foreignTypes[type] ?? type, value, lineno: line, colno: column }
}

/** Makes the parser that an extension gets. */
export function extensionParser(access: ParserAccess) {
  const { current, advance, fail } = access
  const skipIf = (holds: boolean): boolean => {
    if (holds) advance()
    return holds
  }
  const isType = (type: string) => foreign(current()).type === type
  const isWord = (value: string) => current().type === 'name' && current().value === value
  const skip = (type: string) => skipIf(isType(type))
  const expect = (type: string): ForeignToken => {
    if (!isType(type)) fail(`expected ${type}, got ${foreign(current()).type}`)
    return foreign(advance())
  }
  return {
    peekToken: () => foreign(current()),
    nextToken: () => foreign(advance()),
    skip,
    expect,
    skipValue: (type: string, value: string) => skipIf(isType(type) && current().value === value),
    skipSymbol: (value: string) => skipIf(isWord(value)),
    fail: (message: string) => fail(message),
    parseExpression: access.expression,
    parsePrimary: access.expression,
    parseUntilBlocks: (...names: string[]) => access.bodyUntil(names),
    advanceAfterBlockEnd: (name?: string): ForeignToken => {
      if (name === undefined) expect('symbol')
      return expect('block-end')
    },
    parseSignature: (_tolerant?: boolean | null, withoutParentheses = false): Node => {
      const start = current()
      const inParentheses = skip('left-paren')
      if (!inParentheses && !withoutParentheses) fail('expected arguments')
      const items: Node[] = []
      const keywords: (readonly [Token, Node])[] = []
      while (!isType(inParentheses ? 'right-paren' : 'block-end')) {
        if (items.length + keywords.length > 0) expect('comma')
        const at = current()
        const value = access.expression()
        if (current().type !== '=') items.push(value)
        else {
          advance()
          keywords.push([at, access.expression()])
        }
      }
      if (inParentheses) advance()
      return access.list(start, keywords.length > 0 ? [...items, access.keywords(start, keywords)] : items)
    },
  }
}
