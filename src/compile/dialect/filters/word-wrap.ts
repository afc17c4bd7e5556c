// Wrapping text at a width, as Python's textwrap does for the filter `wordwrap`.
import { splitLines } from '../values/text.ts'
import { raise } from '../values/value.ts'

interface Wrapping {
  readonly width: number
  readonly breakLongWords: boolean
  readonly breakOnHyphens: boolean
  readonly separator: string
}

/** Wraps each line of a text by itself. */
export function wrapText(text: string, how: Wrapping): string {
  return splitLines(text)
    .map((line) => wrapLine(line, how).join(how.separator))
    .join(how.separator)
}

const spaces = /([\t-\r ]+)/
// As textwrap splits: white space; a dash of two or more; a word up to its hyphen, its end or such a dash.
const [letter, word, beforeDash] = ['[\\p{L}\\p{Nl}\\p{No}_]', '[\\p{L}\\p{N}_]', `[\\p{L}\\p{N}_!"'&.,?]`]
const wordParts = new RegExp(
  `([\\t-\\r ]+|(?<=${beforeDash})-{2,}(?=${word})|[^\\t-\\r ]+?(?:` +
    `-(?:(?<=${letter}{2}-)|(?<=${letter}-${letter}-))(?=${letter}-?${letter})` +
    `|(?=[\\t-\\r ]|$)|(?<=${beforeDash})(?=-{2,}${word})))`,
  'u',
)

/** Words and the white space between them; with hyphens a word may be broken after one. */
function chunksOf(line: string, breakOnHyphens: boolean): string[] {
  return line.split(breakOnHyphens ? wordParts : spaces).filter((chunk) => chunk !== '')
}

function wrapLine(line: string, how: Wrapping): string[] {
  if (how.width <= 0) raise('ValueError', `invalid width ${how.width} (must be > 0)`)
  const chunks = chunksOf(line, how.breakOnHyphens)
  const lines: string[] = []
  while (chunks.length > 0) {
    const current: string[] = []
    let used = 0
    if (lines.length > 0 && chunks[0]!.trim() === '') chunks.shift()
    while (chunks.length > 0 && used + chunks[0]!.length <= how.width) {
      used += chunks[0]!.length
      current.push(chunks.shift()!)
    }
    if (chunks.length > 0 && chunks[0]!.length > how.width) used = breakWord(chunks, current, used, how)
    if (current.length > 0 && current.at(-1)!.trim() === '') current.pop()
    if (current.length > 0) lines.push(current.join(''))
  }
  return lines
}

/** Puts as much of a word longer than the line on it as fits. */
function breakWord(chunks: string[], current: string[], used: number, how: Wrapping): number {
  // Where no room is left, textwrap adds an empty piece, which saves the white space before it from being dropped.
  const room = how.width - used
  if (!how.breakLongWords) {
    if (current.length === 0) current.push(chunks.shift()!)
    return used
  }
  const word = chunks[0]!
  const hyphen = how.breakOnHyphens && word.length > room ? word.lastIndexOf('-', room - 1) : -1
  const end = hyphen > 0 && /[^-]/.test(word.slice(0, hyphen)) ? hyphen + 1 : room
  current.push(word.slice(0, end))
  chunks[0] = word.slice(end)
  return used + end
}
