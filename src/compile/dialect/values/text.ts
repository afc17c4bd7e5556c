// Python's views on white space, lines and letter case.

/** What Python strips and splits at: white space and the separators 0x1c to 0x1f. */
const space = '[\\s\\x1c-\\x1f\\x85]'
const leading = new RegExp(`^${space}+`)
const trailing = new RegExp(`${space}+$`)
const spaces = new RegExp(`${space}+`)

/** The characters that end a line besides CR LF. */
const breaks = '\\n\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029'
const lineEnd = new RegExp(`(?<=\\r\\n|\\r(?!\\n)|[${breaks}])`)
const lastLineEnd = new RegExp(`(\\r\\n|[\\r${breaks}])$`)

/** Strips white space, or the given characters, from one or both sides. */
export function stripText(text: string, chars: string | undefined, side: 'left' | 'right' | 'both'): string {
  if (chars === undefined) {
    if (side === 'both') return text.replace(leading, '').replace(trailing, '')
    return text.replace(side === 'left' ? leading : trailing, '')
  }
  const set = new Set(chars)
  const all = Array.from(text)
  let from = 0
  let to = all.length
  while (side !== 'right' && from < to && set.has(all[from]!)) from += 1
  while (side !== 'left' && to > from && set.has(all[to - 1]!)) to -= 1
  return all.slice(from, to).join('')
}

/** Python's text.split() at runs of white space, at most `limit` times (no limit when negative). */
export function whitespaceSplit(text: string, limit: number): string[] {
  const trimmed = text.replace(leading, '')
  if (limit < 0) return trimmed.replace(trailing, '').split(spaces).filter(Boolean)
  const parts: string[] = []
  let rest = trimmed
  while (rest !== '' && parts.length < limit) {
    const match = spaces.exec(rest)
    if (!match) break
    parts.push(rest.slice(0, match.index))
    rest = rest.slice(match.index + match[0].length)
  }
  return rest === '' ? parts : [...parts, rest]
}

/** Python's text.splitlines(). */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines = text.split(lineEnd)
  if (lines.at(-1) === '') lines.pop()
  return keepEnds ? lines : lines.map((line) => line.replace(lastLineEnd, ''))
}

/** Whether the text has a letter with case. */
export function isCased(text: string): boolean {
  return /[\p{Lu}\p{Ll}\p{Lt}]/u.test(text)
}

/** Python's str.title: a capital after anything that is not a letter. */
export function titleCase(text: string): string {
  return text.replace(
    /[\p{L}]+/gu,
    (word) => String.fromCodePoint(word.codePointAt(0)!).toUpperCase() + tailOf(word).toLowerCase(),
  )
}

function tailOf(text: string): string {
  return Array.from(text).slice(1).join('')
}

/** Python's str.capitalize. */
export function capitalize(text: string): string {
  return text === '' ? '' : Array.from(text)[0]!.toUpperCase() + tailOf(text).toLowerCase()
}

/** Python's str.swapcase. */
export function swapCase(text: string): string {
  return Array.from(text)
    .map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()))
    .join('')
}
