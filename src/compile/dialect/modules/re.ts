// The part of Python's re that templates use.
import { bind } from '../values/arguments.ts'
import { callValue } from '../values/calls.ts'
import { Dict } from '../values/dict.ts'
import { indexOf } from '../values/numbers.ts'
import { repr, reprText } from '../values/repr.ts'
import { lazy } from '../values/sequences.ts'
import { HostObject, hostFunction, type Kwargs, raise, Tuple, typeName, type Value } from '../values/value.ts'
import { flagBits, splitFlags, translate } from './regex-syntax.ts'

/** A compiled pattern. */
class Pattern extends HostObject {
  readonly pattern: string
  readonly flags: number
  private readonly search: RegExp
  private readonly whole: RegExp

  constructor(pattern: string, flags: number) {
    super({
      type: 're.Pattern',
      attribute: (name) => this.read(name),
      repr: () => `re.compile(${reprText(pattern)})`,
      equals: (other) => other instanceof Pattern && other.pattern === pattern && other.flags === flags,
      hashKey: () => `\0pattern ${flags} ${pattern}`,
    })
    this.pattern = pattern
    this.flags = flags
    const { source, flags: js } = translate(pattern, flags)
    try {
      this.search = new RegExp(source, `${js}gd`)
      this.whole = new RegExp(`(?:${source})(?![\\s\\S])`, `${js}yd`)
    } catch (error) {
      throw raise('ValueError', `bad regular expression ${reprText(pattern)}: ${(error as Error).message}`)
    }
  }

  /** How many groups it has. */
  get groups(): number {
    return new RegExp(`${this.search.source}|`, this.search.flags.replace(/[gd]/g, '')).exec('')!.length - 1
  }

  matchAt(text: string, from: number, how: 'search' | 'match' | 'fullmatch'): RegExpExecArray | null {
    const engine =
      how === 'fullmatch'
        ? this.whole
        : how === 'match'
          ? new RegExp(this.search.source, this.search.flags.replace('g', 'y'))
          : this.search
    engine.lastIndex = from
    return engine.exec(text)
  }

  *all(text: string): Generator<RegExpExecArray> {
    for (const match of text.matchAll(this.search)) yield match as RegExpExecArray
  }

  private read(name: string): Value | undefined {
    if (name === 'pattern') return this.pattern
    if (name === 'flags') return splitFlags(this.pattern, this.flags).flags | flagBits.UNICODE
    if (name === 'groups') return this.groups
    const run = functions[name]
    return run && hostFunction(name, (args, kwargs) => run(this, args, kwargs))
  }
}

/** A match of a pattern in a text. */
function matchValue(pattern: Pattern, match: RegExpExecArray): HostObject {
  const named = match.groups ?? {}
  const number = (group: Value): number => {
    if (typeof group !== 'string') return indexOf(group)
    if (!Object.hasOwn(named, group)) raise('IndexError', 'no such group')
    return (
      [...pattern.pattern.matchAll(/\\.|\((?!\?)|\(\?P<(\w+)>/g)]
        .filter(([all]) => !all.startsWith('\\'))
        .findIndex(([, name]) => name === group) + 1
    )
  }
  const group = (key: Value): Value => {
    if (typeof key === 'string')
      return Object.hasOwn(named, key) ? (named[key] ?? null) : raise('IndexError', 'no such group')
    const at = indexOf(key)
    return at < 0 || at >= match.length ? raise('IndexError', 'no such group') : (match[at] ?? null)
  }
  const span = (key: Value | undefined): readonly [number, number] =>
    match.indices?.[number(key ?? 0)] ?? [-1, -1]
  const methods: Record<string, (args: readonly Value[], kwargs: Kwargs) => Value> = {
    group: (args) => (args.length > 1 ? new Tuple(args.map(group)) : group(args[0] ?? 0)),
    groups: ([missing = null]) => new Tuple(match.slice(1).map((text) => text ?? missing)),
    groupdict: ([missing = null]) =>
      Dict.of(Object.entries(named).map(([key, text]) => [key, text ?? missing] as const)),
    start: ([key]) => span(key)[0],
    end: ([key]) => span(key)[1],
    span: ([key]) => new Tuple([...span(key)]),
    expand: ([template]) => expand(textArgument(template), match),
  }
  return new HostObject({
    type: 're.Match',
    item: group,
    attribute: (name) => {
      if (name === 'string') return match.input
      if (name === 're') return pattern
      if (name === 'pos') return 0
      if (name === 'endpos') return match.input.length
      return Object.hasOwn(methods, name) ? hostFunction(name, methods[name]!) : undefined
    },
    repr: () => `<re.Match object; span=(${span(0).join(', ')}), match=${repr(match[0])}>`,
  })
}

function textArgument(value: Value | undefined): string {
  return typeof value === 'string'
    ? value
    : raise('TypeError', `expected string or bytes-like object, got '${typeName(value ?? null)}'`)
}

const letters: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\x07',
  b: '\b',
  '\\': '\\',
}

/** Fills a replacement text with the groups of a match. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replace(
    /\\(?:g<(\w+)>|([1-9]\d?)|0|(.))/gs,
    (all, name: string | undefined, digits, char) => {
      const key = name ?? digits
      if (key === undefined)
        return char === undefined
          ? '\0'
          : (letters[char] ?? (/[A-Za-z]/.test(char) ? raise('ValueError', `bad escape \\${char}`) : all))
      if (/^\d+$/.test(key))
        return Number(key) < match.length
          ? (match[Number(key)] ?? '')
          : raise('ValueError', `invalid group reference ${key}`)
      return match.groups && Object.hasOwn(match.groups, key)
        ? (match.groups[key] ?? '')
        : raise('IndexError', `unknown group name '${key}'`)
    },
  )
}

type Run = (pattern: Pattern, args: readonly Value[], kwargs: Kwargs) => Value

function matcher(how: 'search' | 'match' | 'fullmatch'): Run {
  return (pattern, args, kwargs) => {
    const [text, from] = bind(how, ['string', 'pos', 'endpos'], 1, args, kwargs)
    const match = pattern.matchAt(textArgument(text), from === undefined ? 0 : indexOf(from), how)
    return match ? matchValue(pattern, match) : null
  }
}

function substitute(
  pattern: Pattern,
  args: readonly Value[],
  kwargs: Kwargs,
): { text: string; count: number } {
  const [replacement, value, limit] = bind('sub', ['repl', 'string', 'count'], 2, args, kwargs)
  const text = textArgument(value)
  const most = limit === undefined || indexOf(limit) === 0 ? Number.POSITIVE_INFINITY : indexOf(limit)
  let [out, at, count] = ['', 0, 0]
  for (const match of pattern.all(text)) {
    if (count >= most) break
    const fresh =
      typeof replacement === 'string'
        ? expand(replacement, match)
        : textArgument(callValue(replacement!, [matchValue(pattern, match)]))
    out += text.slice(at, match.index) + fresh
    at = match.index + match[0].length
    count += 1
  }
  return { text: out + text.slice(at), count }
}

const split: Run = (pattern, args, kwargs) => {
  const [value, limit] = bind('split', ['string', 'maxsplit'], 1, args, kwargs)
  const text = textArgument(value)
  const most = limit === undefined || indexOf(limit) === 0 ? Number.POSITIVE_INFINITY : indexOf(limit)
  const parts: Value[] = []
  let [at, count] = [0, 0]
  for (const match of pattern.all(text)) {
    if (count >= most) break
    parts.push(text.slice(at, match.index), ...match.slice(1).map((group) => group ?? null))
    at = match.index + match[0].length
    count += 1
  }
  return [...parts, text.slice(at)]
}

const findAll: Run = (pattern, args, kwargs) => {
  const [value] = bind('findall', ['string', 'pos', 'endpos'], 1, args, kwargs)
  return [...pattern.all(textArgument(value))].map((match) => {
    if (match.length === 1) return match[0]
    const groups = match.slice(1).map((group) => group ?? '')
    return groups.length === 1 ? groups[0]! : new Tuple(groups)
  })
}

function* matches(pattern: Pattern, text: string): Generator<Value> {
  for (const match of pattern.all(text)) yield matchValue(pattern, match)
}

/** What a pattern can do; the module's functions are the same with the pattern in front. */
const functions: Record<string, Run> = {
  search: matcher('search'),
  match: matcher('match'),
  fullmatch: matcher('fullmatch'),
  findall: findAll,
  finditer: (pattern, [text]) => lazy(matches(pattern, textArgument(text)), 'callable_iterator'),
  sub: (pattern, args, kwargs) => substitute(pattern, args, kwargs).text,
  subn: (pattern, args, kwargs) => {
    const { text, count } = substitute(pattern, args, kwargs)
    return new Tuple([text, count])
  },
  split,
}

function patternOf(value: Value | undefined, flags: Value | undefined): Pattern {
  if (value instanceof Pattern) return value
  if (typeof value !== 'string')
    return raise('TypeError', 'first argument must be string or compiled pattern')
  return new Pattern(value, flags === undefined ? 0 : indexOf(flags))
}

/** How many arguments come before `flags` when it is given by position. */
const flagPosition: Record<string, number> = { sub: 4, subn: 4, split: 3 }

function moduleFunction(name: string, run: Run): HostObject {
  return hostFunction(name, ([pattern, ...args], kwargs) => {
    const { flags, pattern: named, ...rest } = kwargs
    const at = (flagPosition[name] ?? 2) - 1
    const own = flags ?? args[at]
    const others = Object.assign(Object.create(null) as Record<string, Value>, rest)
    return named === undefined
      ? run(patternOf(pattern, own), args.slice(0, at), others)
      : run(patternOf(named, own), pattern === undefined ? args : [pattern, ...args], others)
  })
}

/** The module `re`. */
export function reModule(): Record<string, Value> {
  const run = Object.entries(functions).map(([name, call]) => [name, moduleFunction(name, call)] as const)
  const { IGNORECASE, MULTILINE, DOTALL, VERBOSE, ASCII, UNICODE } = flagBits
  return {
    ...Object.fromEntries(run),
    compile: hostFunction('compile', ([pattern, flags], kwargs) =>
      patternOf(pattern, flags ?? kwargs['flags']),
    ),
    escape: hostFunction('escape', ([text]) =>
      textArgument(text).replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&'),
    ),
    ...flagBits,
    I: IGNORECASE,
    M: MULTILINE,
    S: DOTALL,
    X: VERBOSE,
    A: ASCII,
    U: UNICODE,
  }
}
