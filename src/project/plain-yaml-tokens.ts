import type { CST } from 'yaml'

/*
 * The tokens of a YAML file that is written as most are: block maps and lists, one plain key, item or scalar a line.
 * The package `yaml` takes a file apart character by character, into tokens for each space and line end; for these
 * files it is enough to look at lines, at a tenth of the cost. What the tokens mean (types of scalars, keys that stand
 * twice, places) remains with the package, and so does every file with anything else in it.
 */

/**
 * The document in `text`, for a Composer; null for what only the package's own parser reads, which is whatever is
 * wrong as well. `onLine` is told where each line starts. Spaces, comments and line ends are left out as far as they
 * say nothing.
 */
export function plainYamlTokens(text: string, onLine: (offset: number) => void): CST.Document | null {
  if (unusualCharacters.test(text)) return null
  const document: CST.Document = { type: 'document', offset: 0, start: [] }
  const open: Open[] = []
  for (let at = 0; at < text.length; ) {
    onLine(at)
    const newline = text.indexOf('\n', at)
    const end = newline === -1 ? text.length : newline
    const from = skipSpaces(text, at, end)
    const isSilent = from === end || text.charCodeAt(from) === hash
    if (!isSilent && !readLine({ text, at, from, end }, open, document)) return null
    at = end + 1
  }
  if (text.endsWith('\n')) onLine(text.length)
  return open.length === 0 || awaitsValue(open.at(-1)!) ? null : document
}

/** Tabs, carriage returns and what else is no ordinary text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const unusualCharacters = /[\0-\x09\x0b-\x1f\ufeff]/

type Open = CST.BlockMap | CST.BlockSequence

interface Line {
  readonly text: string
  /** Where it starts. */
  readonly at: number
  /** Where what it says starts. */
  readonly from: number
  /** The place of its end. */
  readonly end: number
}

const [space, hash, quote, apostrophe, dash, colon] = [0x20, 0x23, 0x22, 0x27, 0x2d, 0x3a]

/** Adds a line to what is open; false where it is not plain. */
function readLine(line: Line, open: Open[], document: CST.Document): boolean {
  const { text, from, end } = line
  const indent = from - line.at
  const isItem = text.charCodeAt(from) === dash
  while (open.length > 0 && endsBefore(open.at(-1)!, indent, isItem)) {
    if (awaitsValue(open.at(-1)!)) return false
    open.pop()
  }
  if (!isItem) return readPair(line, from, open, document)
  if (text.charCodeAt(from + 1) !== space) return false
  const list = openAt('block-seq', from, indent, open, document)
  if (!list) return false
  list.items.push({ start: [{ type: 'seq-item-ind', offset: from, indent, source: '-' }] })
  const value = skipSpaces(text, from + 1, end)
  if (keyEnd(text, value, end) > 0) return readPair(line, value, open, document)
  const scalar = readScalar(text, value, end, indent + 2)
  if (scalar) list.items.at(-1)!.value = scalar
  return scalar !== null
}

/** Whether a line further left, or a key beside a list, ends what is open. */
function endsBefore({ type, indent }: Open, column: number, isItem: boolean): boolean {
  return indent > column || (indent === column && type === 'block-seq' && !isItem)
}

/** A key with what follows it on the line. */
function readPair({ text, at, end }: Line, from: number, open: Open[], document: CST.Document): boolean {
  const indent = from - at
  const separator = keyEnd(text, from, end)
  const map = separator > 0 ? openAt('block-map', from, indent, open, document) : null
  if (!map) return false
  const sep: CST.SourceToken[] = [{ type: 'map-value-ind', offset: separator, indent, source: ':' }]
  const key: CST.FlowScalar = { type: 'scalar', offset: from, indent, source: text.slice(from, separator) }
  const value = skipSpaces(text, separator + 1, end)
  if (value === end || text.charCodeAt(value) === hash) {
    sep.push({ type: 'newline', offset: end, indent, source: '\n' })
    map.items.push({ start: [], key, sep })
    return true
  }
  const scalar = readScalar(text, value, end, indent)
  if (!scalar) return false
  map.items.push({ start: [], key, sep, value: scalar })
  return true
}

/** The collection to which a line adds at its column: one that is open there, or the value that another waits for. */
function openAt<T extends Open['type']>(
  type: T,
  offset: number,
  indent: number,
  open: Open[],
  document: CST.Document,
): Extract<Open, { type: T }> | null {
  const last = open.at(-1)
  const isWaiting = last !== undefined && awaitsValue(last)
  if (last && last.indent === indent && last.type === type)
    return isWaiting ? null : (last as Extract<Open, { type: T }>)
  if (last ? !isWaiting : document.value !== undefined) return null
  const made = { type, offset, indent, items: [] } as unknown as Extract<Open, { type: T }>
  if (last) last.items.at(-1)!.value = made
  else {
    document.value = made
    document.offset = offset
  }
  open.push(made)
  return made
}

/** Whether the last key or item has no value yet. */
function awaitsValue({ items }: Open): boolean {
  return items.at(-1)?.value === undefined
}

/** The place of the colon behind a key that starts there; 0 where none does. */
function keyEnd(text: string, from: number, end: number): number {
  plainKey.lastIndex = from
  const [key] = plainKey.exec(text) ?? []
  if (key === undefined) return 0
  const at = from + key.length - 1
  return at + 1 === end || text.charCodeAt(at + 1) === space ? at : 0
}

const plainKey = /[A-Za-z_+][\w.+-]{0,200}:/y

/** A scalar that ends with its line, a comment behind it aside. */
function readScalar(text: string, from: number, end: number, indent: number): CST.FlowScalar | null {
  const first = text.charCodeAt(from)
  if (first === quote || first === apostrophe) return readQuoted(text, from, end, indent)
  if (from === end || indicators.includes(text[from]!)) return null
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === colon && (at + 1 === end || text.charCodeAt(at + 1) === space)) return null
    if (code === hash && text.charCodeAt(at - 1) === space)
      return { type: 'scalar', offset: from, indent, source: trimmedSpaces(text, from, at) }
  }
  return { type: 'scalar', offset: from, indent, source: trimmedSpaces(text, from, end) }
}

/** Characters that mean something at the start of a value. */
const indicators = '-?:,[]{}#&*!|>%@`'

function readQuoted(text: string, from: number, end: number, indent: number): CST.FlowScalar | null {
  const mark = text[from]!
  const to = text.indexOf(mark, from + 1) + 1
  if (to === 0 || to > end) return null
  const source = text.slice(from, to)
  const next = skipSpaces(text, to, end)
  const isLast = next === end || (next > to && text.charCodeAt(next) === hash)
  if (!isLast || source.includes('\\')) return null
  const type = mark === '"' ? 'double-quoted-scalar' : 'single-quoted-scalar'
  return { type, offset: from, indent, source }
}

function trimmedSpaces(text: string, from: number, end: number): string {
  let to = end
  while (text.charCodeAt(to - 1) === space) to--
  return text.slice(from, to)
}

function skipSpaces(text: string, from: number, end: number): number {
  let at = from
  while (at < end && text.charCodeAt(at) === space) at++
  return at
}
