// The methods of Python's str (all but `format` and `format_map`, which live with attribute access).
import { bind } from './arguments.ts'
import { type Method, type Methods, methodTable } from './calls.ts'
import { Dict } from './dict.ts'
import { indexOf } from './numbers.ts'
import { charsOf, iterate, sliceIndices, textLength } from './sequences.ts'
import { capitalize, isCased, splitLines, stripText, swapCase, titleCase, whitespaceSplit } from './text.ts'
import { isText, raise, Tuple, textOf, typeName, type Value } from './value.ts'

/** A str argument; raises for anything else. */
function textArgument(value: Value | undefined, method: string, at = 1): string {
  if (value !== undefined && isText(value)) return textOf(value)
  return raise(
    'TypeError',
    `${method}() argument ${at} must be str, not ${value === undefined ? 'missing' : typeName(value)}`,
  )
}

function wholeArgument(value: Value | undefined, missing: number): number {
  return value === undefined || value === null
    ? missing
    : indexOf(value, `'${typeName(value)}' object cannot be interpreted as an integer`)
}

/** A method without arguments that maps text to a value. */
function plain(name: string, run: (self: string) => Value): Method<string> {
  return (self, args, kwargs) => {
    bind(`str.${name}`, [], 0, args, kwargs)
    return run(self)
  }
}

type Split = (parts: { text: string; separator: string | undefined; limit: number }) => string[]

function splitMethod(name: string, split: Split): Method<string> {
  return (self, args, kwargs) => {
    const [separator, limit] = bind(name, ['sep', 'maxsplit'], 0, args, kwargs)
    const text = separator === undefined || separator === null ? undefined : textArgument(separator, name)
    if (text === '') raise('ValueError', 'empty separator')
    return split({ text: self, separator: text, limit: wholeArgument(limit, -1) })
  }
}

const splitLeft: Split = ({ text, separator, limit }) => {
  if (separator === undefined) return whitespaceSplit(text, limit)
  const parts = text.split(separator)
  if (limit < 0 || parts.length <= limit + 1) return parts
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)]
}

const splitRight: Split = ({ text, separator, limit }) => {
  if (separator === undefined) {
    const mirrored = whitespaceSplit([...text].reverse().join(''), limit)
    return mirrored.map((part) => [...part].reverse().join('')).reverse()
  }
  const parts = text.split(separator)
  if (limit < 0 || parts.length <= limit + 1) return parts
  const kept = parts.length - limit
  return [parts.slice(0, kept).join(separator), ...parts.slice(kept)]
}

function stripMethod(name: string, side: 'left' | 'right' | 'both'): Method<string> {
  return (self, args, kwargs) => {
    const [chars] = bind(name, ['chars'], 0, args, kwargs)
    if (chars === undefined || chars === null) return stripText(self, undefined, side)
    if (!isText(chars)) return raise('TypeError', `${name} arg must be None or str`)
    return stripText(self, textOf(chars), side)
  }
}

function justifyMethod(name: string, share: (room: number, width: number) => number): Method<string> {
  return (self, args, kwargs) => {
    const [width, fill] = bind(name, ['width', 'fillchar'], 1, args, kwargs)
    const char = fill === undefined ? ' ' : textArgument(fill, name, 2)
    if (textLength(char) !== 1) raise('TypeError', 'The fill character must be exactly one character long')
    const total = wholeArgument(width, 0)
    const room = Math.max(0, total - textLength(self))
    const left = share(room, total)
    return char.repeat(left) + self + char.repeat(room - left)
  }
}

/** The part of the text that `find(sub, start, end)` and its like look at, with its offset. */
function window(self: string, start: Value | undefined, end: Value | undefined): [readonly string[], number] {
  const chars = charsOf(self)
  const indices = sliceIndices({ start: start ?? null, stop: end ?? null, step: null }, chars.length)
  const from = indices[0] ?? (start == null ? 0 : Math.min(wholeArgument(start, 0), chars.length))
  return [chars.slice(from, from + indices.length), from]
}

/** Where a text occurs in the characters (code points), or -1. */
function findIn(chars: readonly string[], sub: string, last: boolean): number {
  const text = chars.join('')
  const at = last ? text.lastIndexOf(sub) : text.indexOf(sub)
  return at < 0 ? -1 : textLength(text.slice(0, at))
}

function findMethod(name: string, last: boolean, mustExist: boolean): Method<string> {
  return (self, args, kwargs) => {
    const [sub, start, end] = bind(name, ['sub', 'start', 'end'], 1, args, kwargs)
    const [chars, offset] = window(self, start, end)
    const at = findIn(chars, textArgument(sub, name), last)
    if (at < 0 && mustExist) raise('ValueError', 'substring not found')
    return at < 0 ? -1 : at + offset
  }
}

function affixMethod(name: 'startswith' | 'endswith'): Method<string> {
  return (self, args, kwargs) => {
    const [affix, start, end] = bind(name, ['prefix', 'start', 'end'], 1, args, kwargs)
    const text = start === undefined && end === undefined ? self : window(self, start, end)[0].join('')
    const holds = (one: Value) => {
      if (!isText(one))
        return raise('TypeError', `${name} first arg must be str or a tuple of str, not ${typeName(one)}`)
      return name === 'startswith' ? text.startsWith(textOf(one)) : text.endsWith(textOf(one))
    }
    return affix instanceof Tuple ? affix.items.some(holds) : holds(affix!)
  }
}

function partitionMethod(name: string, last: boolean): Method<string> {
  return (self, args, kwargs) => {
    const [sep] = bind(name, ['sep'], 1, args, kwargs)
    const separator = textArgument(sep, name)
    if (separator === '') raise('ValueError', 'empty separator')
    const at = last ? self.lastIndexOf(separator) : self.indexOf(separator)
    if (at < 0) return new Tuple(last ? ['', '', self] : [self, '', ''])
    return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)])
  }
}

const replace: Method<string> = (self, args, kwargs) => {
  const [from, to, count] = bind('replace', ['old', 'new', 'count'], 2, args, kwargs)
  const [old, fresh] = [textArgument(from, 'replace', 1), textArgument(to, 'replace', 2)]
  return replaceText(self, old, fresh, wholeArgument(count, -1))
}

/** Replaces up to `count` occurrences (all when negative). */
export function replaceText(text: string, old: string, fresh: string, count: number): string {
  if (count < 0)
    return old === '' ? spread(text, fresh, Number.POSITIVE_INFINITY) : text.replaceAll(old, () => fresh)
  if (old === '') return spread(text, fresh, count)
  const parts = text.split(old)
  if (parts.length <= count + 1) return parts.join(fresh)
  return parts.slice(0, count + 1).join(fresh) + old + parts.slice(count + 1).join(old)
}

function spread(text: string, fresh: string, count: number): string {
  const chars = charsOf(text)
  let left = count
  const out = chars.map((char) => (left-- > 0 ? fresh + char : char)).join('')
  return left > 0 ? out + fresh : out
}

const join: Method<string> = (self, args, kwargs) => {
  const [values] = bind('join', ['iterable'], 1, args, kwargs)
  const parts: string[] = []
  for (const value of iterate(values!)) {
    if (!isText(value))
      raise('TypeError', `sequence item ${parts.length}: expected str instance, ${typeName(value)} found`)
    parts.push(textOf(value as string))
  }
  return parts.join(self)
}

function test(name: string, pattern: RegExp): Method<string> {
  return plain(name, (self) => pattern.test(self))
}

const translate: Method<string> = (self, args, kwargs) => {
  const [table] = bind('translate', ['table'], 1, args, kwargs)
  if (!(table instanceof Dict)) return raise('TypeError', 'translate() expects a dict')
  return [...self]
    .map((char) => {
      const to = table.get(char.codePointAt(0)!)
      if (to === undefined) return char
      if (to === null) return ''
      return typeof to === 'number' ? String.fromCodePoint(to) : textArgument(to, 'translate')
    })
    .join('')
}

/** `maketrans`: the table that `translate` takes, from a dict, or from characters, their replacements and those to drop. */
const maketrans: Method<string> = (_self, args, kwargs) => {
  const [from, to, dropped] = bind('maketrans', ['x', 'y', 'z'], 1, args, kwargs)
  if (to === undefined) {
    if (!(from instanceof Dict))
      return raise('TypeError', 'if you give only one argument to maketrans it must be a dict')
    return Dict.of(
      [...from.entries.values()].map(([key, value]) => [isText(key!) ? codeOf(textOf(key!)) : key!, value!]),
    )
  }
  const [sources, targets] = [[...textArgument(from, 'maketrans')], [...textArgument(to, 'maketrans', 2)]]
  if (sources.length !== targets.length)
    raise('ValueError', 'the first two maketrans arguments must have equal length')
  const gone = dropped === undefined ? [] : [...textArgument(dropped, 'maketrans', 3)]
  return Dict.of([
    ...sources.map((char, at): [Value, Value] => [codeOf(char), codeOf(targets[at]!)]),
    ...gone.map((char): [Value, Value] => [codeOf(char), null]),
  ])
}

function codeOf(char: string): number {
  if (textLength(char) !== 1) raise('ValueError', 'string keys in translate table must be of length 1')
  return char.codePointAt(0)!
}

/** The methods of str by name. */
export const strMethods: Methods<string> = methodTable<string>({
  upper: plain('upper', (self) => self.toUpperCase()),
  lower: plain('lower', (self) => self.toLowerCase()),
  casefold: plain('casefold', (self) => self.toLowerCase().replaceAll('ß', 'ss')),
  title: plain('title', titleCase),
  capitalize: plain('capitalize', capitalize),
  swapcase: plain('swapcase', swapCase),
  strip: stripMethod('strip', 'both'),
  lstrip: stripMethod('lstrip', 'left'),
  rstrip: stripMethod('rstrip', 'right'),
  split: splitMethod('split', splitLeft),
  rsplit: splitMethod('rsplit', splitRight),
  splitlines: (self, args, kwargs) => {
    const [keep] = bind('splitlines', ['keepends'], 0, args, kwargs)
    return splitLines(self, keep === true)
  },
  partition: partitionMethod('partition', false),
  rpartition: partitionMethod('rpartition', true),
  replace,
  join,
  maketrans,
  translate,
  find: findMethod('find', false, false),
  rfind: findMethod('rfind', true, false),
  index: findMethod('index', false, true),
  rindex: findMethod('rindex', true, true),
  count: (self, args, kwargs) => {
    const [sub, start, end] = bind('count', ['sub', 'start', 'end'], 1, args, kwargs)
    const [chars] = window(self, start, end)
    const needle = textArgument(sub, 'count')
    return needle === '' ? chars.length + 1 : chars.join('').split(needle).length - 1
  },
  startswith: affixMethod('startswith'),
  endswith: affixMethod('endswith'),
  removeprefix: (self, args, kwargs) => {
    const [prefix] = bind('removeprefix', ['prefix'], 1, args, kwargs)
    const text = textArgument(prefix, 'removeprefix')
    return self.startsWith(text) ? self.slice(text.length) : self
  },
  removesuffix: (self, args, kwargs) => {
    const [suffix] = bind('removesuffix', ['suffix'], 1, args, kwargs)
    const text = textArgument(suffix, 'removesuffix')
    return text && self.endsWith(text) ? self.slice(0, -text.length) : self
  },
  zfill: (self, args, kwargs) => {
    const [width] = bind('zfill', ['width'], 1, args, kwargs)
    const sign = /^[+-]/.test(self) ? self[0]! : ''
    return sign + self.slice(sign.length).padStart(wholeArgument(width, 0) - sign.length, '0')
  },
  ljust: justifyMethod('ljust', () => 0),
  rjust: justifyMethod('rjust', (room) => room),
  center: justifyMethod('center', (room, width) => Math.floor(room / 2) + (room & width & 1)),
  expandtabs: (self, args, kwargs) => {
    const [size] = bind('expandtabs', ['tabsize'], 0, args, kwargs)
    const width = wholeArgument(size, 8)
    return self
      .split(/(?<=\n)/)
      .map((line) =>
        line.replace(
          /[^\t]*\t/g,
          (part) => part.slice(0, -1) + ' '.repeat(width - ((part.length - 1) % width)),
        ),
      )
      .join('')
  },
  isdigit: test('isdigit', /^[\p{Nd}\u00b2\u00b3\u00b9]+$/u),
  isdecimal: test('isdecimal', /^\p{Nd}+$/u),
  isnumeric: test('isnumeric', /^\p{N}+$/u),
  isalpha: test('isalpha', /^\p{L}+$/u),
  isalnum: test('isalnum', /^[\p{L}\p{N}]+$/u),
  isspace: plain('isspace', (self) => self !== '' && stripText(self, undefined, 'both') === ''),
  isascii: plain('isascii', (self) => [...self].every((char) => char <= '\x7f')),
  isprintable: test('isprintable', /^(?:[^\p{C}\p{Z}]| )*$/u),
  isidentifier: test('isidentifier', /^[\p{L}_][\p{L}\p{N}_]*$/u),
  isupper: plain('isupper', (self) => isCased(self) && self === self.toUpperCase()),
  islower: plain('islower', (self) => isCased(self) && self === self.toLowerCase()),
  istitle: plain('istitle', (self) => isCased(self) && self === titleCase(self)),
})
