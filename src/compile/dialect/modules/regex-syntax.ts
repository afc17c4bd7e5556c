// From Python's regular expressions to JavaScript's: the same language where templates use it, Unicode-aware.
import { raise } from '../values/value.ts'

/** Python's flags by bit. */
export const flagBits = {
  IGNORECASE: 2,
  MULTILINE: 8,
  DOTALL: 16,
  UNICODE: 32,
  VERBOSE: 64,
  ASCII: 256,
} as const

/** A translated pattern. */
export interface Translated {
  readonly source: string
  readonly flags: string
}

const inline: Record<string, number> = {
  i: flagBits.IGNORECASE,
  m: flagBits.MULTILINE,
  s: flagBits.DOTALL,
  x: flagBits.VERBOSE,
  a: flagBits.ASCII,
  u: flagBits.UNICODE,
}

/** The flags that a pattern sets for itself at its start, and the rest of it. */
export function splitFlags(
  pattern: string,
  flags: number,
): { readonly body: string; readonly flags: number } {
  const match = /^\(\?([aimsux]+)\)/.exec(pattern)
  if (!match) return { body: pattern, flags }
  const added = [...match[1]!].reduce((all, letter) => all | inline[letter]!, 0)
  // Several may follow each other: `(?i)(?s)`.
  return splitFlags(pattern.slice(match[0].length), flags | added)
}

/** Translates a pattern. */
export function translate(pattern: string, given: number): Translated {
  const { body, flags } = splitFlags(pattern, given)
  const source = new Translator(body, flags).run()
  const has = (bit: number) => (flags & bit) !== 0
  const js = `u${has(flagBits.IGNORECASE) ? 'i' : ''}${has(flagBits.DOTALL) ? 's' : ''}`
  return { source, flags: js }
}

class Translator {
  private readonly text: string
  private readonly flags: number
  private at = 0
  private readonly classes: Record<string, string>

  constructor(text: string, flags: number) {
    this.text = text
    this.flags = flags
    const ascii = (flags & flagBits.ASCII) !== 0
    this.classes = {
      d: ascii ? '0-9' : '\\p{Nd}',
      w: ascii ? 'A-Za-z0-9_' : '\\p{L}\\p{N}_',
      s: '\\s\\x1c-\\x1f\\x85',
    }
  }

  private has(bit: number): boolean {
    return (this.flags & bit) !== 0
  }

  run(): string {
    let out = ''
    while (this.at < this.text.length) out += this.piece()
    return out
  }

  private take(): string {
    const char = this.text[this.at] ?? ''
    this.at += 1
    return char
  }

  private piece(): string {
    const char = this.take()
    if (char === '\\') return this.escape()
    if (char === '[') return this.set()
    if (char === '(') return this.group()
    if (char === '^') return this.has(flagBits.MULTILINE) ? '(?<=^|\\n)(?<![^\\n])' : '(?<![\\s\\S])'
    if (char === '$') return this.has(flagBits.MULTILINE) ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))'
    if (char === '.') return this.has(flagBits.DOTALL) ? '.' : '[^\\n]'
    if (char === '{') return this.braces()
    if (char === ']' || char === '}') return `\\${char}`
    if (char === '/') return '\\/'
    if (this.has(flagBits.VERBOSE)) {
      if (/\s/.test(char)) return ''
      if (char === '#') return this.skipComment()
    }
    return char
  }

  private skipComment(): string {
    const end = this.text.indexOf('\n', this.at)
    this.at = end < 0 ? this.text.length : end + 1
    return ''
  }

  /** `{` is a quantifier when it looks like one, else a character. */
  private braces(): string {
    const match = /^(\d*)(,?)(\d*)\}/.exec(this.text.slice(this.at))
    if (!match || (match[1] === '' && match[2] === '') || match[0] === ',}') return '\\{'
    this.at += match[0].length
    return `{${match[1] || '0'}${match[2]}${match[3]}}`
  }

  private group(): string {
    if (this.text[this.at] !== '?') return '('
    const rest = this.text.slice(this.at)
    const named = /^\?P<(\w+)>/.exec(rest)
    if (named) return this.consume(named[0], `(?<${named[1]}>`)
    const reference = /^\?P=(\w+)\)/.exec(rest)
    if (reference) return this.consume(reference[0], `\\k<${reference[1]}>`)
    const comment = /^\?#[^)]*\)/.exec(rest)
    if (comment) return this.consume(comment[0], '')
    const plain = /^\?(?::|=|!|<=|<!)/.exec(rest)
    if (plain) return this.consume(plain[0], `(${plain[0]}`)
    return raise('ValueError', `unknown extension ${rest.slice(0, 3)} in a regular expression`)
  }

  private consume(text: string, replacement: string): string {
    this.at += text.length
    return replacement
  }

  private escape(): string {
    const char = this.take()
    if (char === '') return raise('ValueError', 'bad escape (end of pattern)')
    const { d, w, s } = this.classes
    const word = `[${w}]`
    const sets: Record<string, string> = {
      d: `[${d}]`,
      D: `[^${d}]`,
      w: word,
      W: `[^${w}]`,
      s: `[${s}]`,
      S: `[^${s}]`,
      b: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`,
      B: `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`,
      A: '(?<![\\s\\S])',
      Z: '(?![\\s\\S])',
    }
    const known = sets[char]
    if (known !== undefined) return known
    return this.characterEscape(char)
  }

  /** An escape that stands for one character, or refers to a group. */
  private characterEscape(char: string): string {
    if (/[1-9]/.test(char)) {
      const more = /^\d/.exec(this.text.slice(this.at))?.[0] ?? ''
      this.at += more.length
      return `(?:\\${char}${more})`
    }
    if (char === 'a') return '\\x07'
    if (char === '0') return '\\0'
    if ('nrtfvxu'.includes(char)) return `\\${char}`
    if (/[A-Za-z]/.test(char)) return raise('ValueError', `bad escape \\${char}`)
    return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
  }

  private set(): string {
    let out = '['
    if (this.text[this.at] === '^') out += this.take()
    if (this.text[this.at] === ']') {
      this.at += 1
      out += '\\]'
    }
    while (this.at < this.text.length) {
      const char = this.take()
      if (char === ']') return `${out}]`
      out += char === '\\' ? this.escapeInSet() : this.plainInSet(char)
    }
    return raise('ValueError', 'unterminated character set')
  }

  /** A hyphen that makes no range must be escaped where Unicode sets are used. */
  private plainInSet(char: string): string {
    if (char !== '-') return /[[(){}/|^$]/.test(char) ? `\\${char}` : char
    const before = this.text.slice(0, this.at - 1)
    const isEdge = /\[\^?$/.test(before) || this.text[this.at] === ']' || /\\[dwsDWS]$/.test(before)
    const beforeClass = /^\\[dwsDWS]/.test(this.text.slice(this.at))
    return isEdge || beforeClass ? '\\-' : '-'
  }

  private escapeInSet(): string {
    const char = this.take()
    const { d, w, s } = this.classes
    const inner: Record<string, string> = { d: d!, w: w!, s: s!, b: '\\x08', D: '\\P{Nd}', S: '\\S' }
    const known = inner[char]
    if (known !== undefined) return known
    if (char === 'W') return raise('ValueError', '\\W inside a character set is not offered')
    if (char === '-') return '\\-'
    return this.characterEscape(char).replace(/^\(\?:(.*)\)$/, '$1')
  }
}
