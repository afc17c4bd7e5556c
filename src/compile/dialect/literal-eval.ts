// Python's literal_eval: text that is a Python literal, as its value.
import { Lexer } from './lexer.ts'
import { TemplateError } from './template-error.ts'
import { Dict, PySet } from './values/dict.ts'
import { maybeNumeric, negate } from './values/numbers.ts'
import { PyError, Tuple, type Value } from './values/value.ts'

/** The value of a Python literal, or undefined when the text is none. */
export function literalEval(text: string): Value | undefined {
  try {
    return new LiteralReader(text.trim()).read()
  } catch (error) {
    if (error instanceof NoLiteral || error instanceof TemplateError || error instanceof PyError)
      return undefined
    throw error
  }
}

/** The text is no literal. */
class NoLiteral extends Error {}

class LiteralReader {
  private readonly lexer: Lexer
  private current

  constructor(text: string) {
    this.lexer = new Lexer({ file: '', text: `{{ ${text}\n}}` })
    this.lexer.next()
    this.current = this.lexer.next()
  }

  read(): Value {
    const value = this.value()
    if (this.current.type === ',') return this.rest(value, 'variable_end')
    if (this.current.type !== 'variable_end') throw new NoLiteral()
    return value
  }

  private advance() {
    const token = this.current
    this.current = this.lexer.next()
    return token
  }

  private take(type: string): boolean {
    if (this.current.type !== type) return false
    this.advance()
    return true
  }

  private value(): Value {
    const token = this.advance()
    switch (token.type) {
      case 'integer':
      case 'float':
        return token.literal
      case 'string':
        return this.strings(token.value)
      case '-':
        return negate(maybeNumeric(this.value()) ?? this.fail())
      case '+':
        return maybeNumeric(this.value()) ?? this.fail()
      case '(':
        return this.bracketed()
      case '[':
        return this.items(']')
      case '{':
        return this.braced()
      case 'name':
        return this.constant(token.value)
      default:
        return this.fail()
    }
  }

  private fail(): never {
    throw new NoLiteral()
  }

  private constant(name: string): Value {
    if (name === 'None') return null
    return name === 'True' || (name === 'False' ? false : this.fail())
  }

  private strings(first: string): Value {
    let text = first
    while (this.current.type === 'string') text += this.advance().value
    return text
  }

  private items(close: string): Value[] {
    const items: Value[] = []
    while (!this.take(close)) {
      items.push(this.value())
      if (!this.take(',') && this.current.type !== close) this.fail()
    }
    return items
  }

  private rest(first: Value, close: string): Value {
    this.advance()
    const items = [first]
    while (this.current.type !== close) {
      items.push(this.value())
      if (!this.take(',')) break
    }
    if (this.current.type !== close) this.fail()
    return new Tuple(items)
  }

  private bracketed(): Value {
    if (this.take(')')) return new Tuple([])
    const first = this.value()
    const value = this.current.type === ',' ? this.rest(first, ')') : first
    return this.take(')') ? value : this.fail()
  }

  private braced(): Value {
    if (this.take('}')) return new Dict()
    const first = this.value()
    if (!this.take(':')) {
      if (!this.take(',') && this.current.type !== '}') this.fail()
      return new PySet([first, ...this.items('}')])
    }
    const dict = Dict.of([[first, this.value()]])
    while (this.take(',') && this.current.type !== '}') {
      const key = this.value()
      if (!this.take(':')) this.fail()
      dict.set(key, this.value())
    }
    return this.take('}') ? dict : this.fail()
  }
}
