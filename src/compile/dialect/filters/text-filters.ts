// Filters on text.

import { Dict } from '../values/dict.ts'
import { escapeHtml, escapeText } from '../values/escape.ts'
import { fixed } from '../values/float-format.ts'
import { maybeNumeric, parseFloatText, toDouble } from '../values/numbers.ts'
import { percentFormat } from '../values/percent-format.ts'
import { lengthOf, maybeIterate, truth, unpack } from '../values/sequences.ts'
import { replaceText } from '../values/str-methods.ts'
import { capitalize, splitLines, stripText } from '../values/text.ts'
import { isText, Markup, raise, Tuple, textOf, typeName, Undefined, type Value } from '../values/value.ts'
import { type Filter, filter, freeFilter, intArgument, type Maybe, textArgument } from './filter.ts'
import { linkUrls } from './urlize.ts'
import { wrapText } from './word-wrap.ts'

/** A filter whose result keeps the mark of safe HTML. */
function onText(run: (text: string) => string): (name: string) => Filter {
  return filter([], (value) =>
    value instanceof Markup ? new Markup(run(value.text)) : run(textArgument(value)),
  )
}

/** The text of a value that has to be text. */
function requireText(value: Value, what: string): string {
  if (isText(value)) return textOf(value)
  if (value instanceof Undefined) return value.fail()
  return raise('TypeError', `${what} takes text, not ${typeName(value)}`)
}

/** Jinja's own title: a capital after white space and some brackets. */
function title(text: string): string {
  return text
    .split(/([-\s({[<]+)/)
    .filter(Boolean)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join('')
}

function indent(value: Value, width: Maybe, first: Maybe, blank: Maybe): Value {
  const indention = width !== undefined && isText(width) ? textOf(width) : ' '.repeat(intArgument(width, 4))
  const [head = '', ...lines] = splitLines(`${requireText(value, 'indent')}\n`)
  const indented = lines.map((line) => (line || truth(blank ?? false) ? indention + line : line))
  const text = [head, ...indented].join('\n')
  return remark(value, truth(first ?? false) ? indention + text : text)
}

function remark(value: Value, text: string): Value {
  return value instanceof Markup ? new Markup(text) : text
}

function truncate(value: Value, length: Maybe, killWords: Maybe, end: Maybe, leeway: Maybe): Value {
  const limit = intArgument(length, 255)
  const tail = end === undefined ? '...' : textArgument(end)
  if (!isText(value) && lengthOf(value) <= limit + intArgument(leeway, 5)) return value
  const text = requireText(value, 'truncate')
  if (limit < tail.length) raise('TypeError', `expected length >= ${tail.length}, got ${limit}`)
  if (text.length <= limit + intArgument(leeway, 5)) return value
  const head = text.slice(0, limit - tail.length)
  if (truth(killWords ?? false)) return head + tail
  const space = head.lastIndexOf(' ')
  return (space < 0 ? head : head.slice(0, space)) + tail
}

const format: Filter = (_session, [value, ...args], kwargs) => {
  const names = Object.keys(kwargs)
  if (args.length > 0 && names.length > 0)
    return raise('FilterArgumentError', "can't handle positional and keyword arguments at the same time")
  const right =
    names.length > 0 ? Dict.of(names.map((name) => [name, kwargs[name]!] as const)) : new Tuple(args)
  return percentFormat(textArgument(value!), right)
}

function urlQuote(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function urlEncode(value: Value): Value {
  const pairs = isText(value) ? undefined : value instanceof Dict ? value.items() : maybeIterate(value)
  if (!pairs) return urlQuote(textArgument(value)).replaceAll('%2F', '/')
  const quoted = (part: Value) => urlQuote(textArgument(part)).replaceAll('%20', '+')
  return [...pairs].map((pair) => unpack(pair, 2).map(quoted).join('=')).join('&')
}

function fileSize(value: Value, binary: Maybe): Value {
  const parsed = isText(value) ? parseFloatText(textOf(value)) : maybeNumeric(value)
  if (parsed === undefined) raise('ValueError', `could not convert to float: ${textArgument(value)}`)
  const bytes = typeof parsed === 'object' ? toDouble(parsed) : Number(parsed)
  const base = truth(binary ?? false) ? 1024 : 1000
  if (bytes === 1) return '1 Byte'
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`
  const power = Math.min(8, Math.floor(Math.log(bytes) / Math.log(base) + 1e-12))
  const unit = 'kMGTPEZY'[power - 1]!
  return `${fixed(bytes / base ** power, 1)} ${base === 1024 ? `${unit.toUpperCase().replace('K', 'K')}iB` : `${unit}B`}`
}

function xmlAttributes(value: Value, autospace: Maybe): Value {
  if (!(value instanceof Dict)) return raise('TypeError', 'xmlattr takes a dict')
  const parts: string[] = []
  for (const [key, item] of value.entries.values()) {
    if (item === null || item instanceof Undefined) continue
    const name = textArgument(key)
    if (/[\s/>=]/.test(name)) raise('ValueError', `Invalid character in attribute name: '${name}'`)
    parts.push(`${escapeText(name)}="${escapeHtml(item).text}"`)
  }
  const text = parts.join(' ')
  return text && truth(autospace ?? true) ? ` ${text}` : text
}

function stripTags(value: Value): Value {
  const text = textArgument(value).replace(/<!--[\s\S]*?-->|<[^>]*>/g, '')
  return unescapeHtml(text).split(/\s+/).filter(Boolean).join(' ')
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: '\u00a0' }
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal))
    return hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : (named[name] ?? all)
  })
}

/** Filters on text by name. */
export const textFilters: Record<string, (name: string) => Filter> = {
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  capitalize: onText(capitalize),
  title: onText(title),
  trim: filter(['chars'], (value, chars) =>
    remark(
      value,
      stripText(
        textArgument(value),
        chars === undefined || chars === null ? undefined : textArgument(chars),
        'both',
      ),
    ),
  ),
  replace: filter(
    ['old', 'new', 'count'],
    (value, old, fresh, count) =>
      remark(
        value,
        replaceText(textArgument(value), textArgument(old!), textArgument(fresh!), intArgument(count, -1)),
      ),
    2,
  ),
  center: filter(['width'], (value, width) => {
    const text = textArgument(value)
    const total = intArgument(width, 80)
    const room = Math.max(0, total - text.length)
    const left = Math.floor(room / 2) + (room & total & 1)
    return ' '.repeat(left) + text + ' '.repeat(room - left)
  }),
  indent: filter(['width', 'first', 'blank'], indent),
  truncate: filter(['length', 'killwords', 'end', 'leeway'], truncate),
  wordwrap: filter(
    ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'],
    (value, width, long, wrap, hyphens) =>
      wrapText(requireText(value, 'wordwrap'), {
        width: intArgument(width, 79),
        breakLongWords: truth(long ?? true),
        breakOnHyphens: truth(hyphens ?? true),
        separator: wrap === undefined || wrap === null ? '\n' : textArgument(wrap),
      }),
  ),
  wordcount: filter([], (value) => textArgument(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  format: freeFilter(format),
  string: filter([], (value) => (value instanceof Markup ? value : textArgument(value))),
  safe: filter([], (value) => new Markup(textArgument(value))),
  escape: filter([], (value) => escapeHtml(value)),
  e: filter([], (value) => escapeHtml(value)),
  forceescape: filter([], (value) => new Markup(escapeText(textArgument(value)))),
  striptags: filter([], stripTags),
  urlencode: filter([], urlEncode),
  urlize: filter(
    ['trim_url_limit', 'nofollow', 'target', 'rel', 'extra_schemes'],
    (value, limit, nofollow, target, rel) =>
      linkUrls(textArgument(value), {
        limit: limit === undefined || limit === null ? undefined : intArgument(limit, 0),
        rel: [
          ...new Set([
            ...(rel ? textArgument(rel).split(/\s+/) : []),
            ...(truth(nofollow ?? false) ? ['nofollow'] : []),
            'noopener',
          ]),
        ],
        target: target === undefined || target === null ? undefined : textArgument(target),
      }),
  ),
  filesizeformat: filter(['binary'], fileSize),
  xmlattr: filter(['autospace'], xmlAttributes),
}
