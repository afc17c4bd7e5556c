// From an offset in rendered text back to the template: exact for literal text, the tag for computed text,
// and through what macros, set blocks and call blocks wrote.
import { placeOf, type SourceText } from './lines.ts'
import type { Place } from './template-error.ts'

/** Where a piece of rendered text comes from. */
export interface OutputPlace extends Place {
  /** Whether the character stands literally at this place, rather than having been computed there. */
  readonly exact: boolean
  /** When macros wrote it: the place in each, outermost first. */
  readonly inside: readonly MacroPlace[]
}

/** A place in a macro that wrote output. */
export interface MacroPlace extends Place {
  readonly macro: string
  readonly exact: boolean
}

/** Where the pieces of a text begin and what wrote them: triples of output offset, source offset, kind. */
export interface TextMap {
  readonly source: SourceText
  /** The macro that wrote the text, or null for the template itself, its set blocks and call blocks. */
  readonly macro: string | null
  readonly marks: readonly number[]
  /** What wrote a computed piece, by its number in `marks`. */
  readonly inner: ReadonlyMap<number, TextMap>
}

/** Answers where rendered text comes from. */
export interface SourceMap {
  placeAt(offset: number): OutputPlace
}

/** The kinds of pieces. */
export const literal = 0
export const computed = 1

/** A step on the way from the output to what wrote it. */
interface Step {
  readonly map: TextMap
  readonly pos: number
  readonly exact: boolean
}

/** Makes the map of a rendered text. */
export function sourceMapOf(map: TextMap): SourceMap {
  return { placeAt: (offset) => placeIn(map, offset) }
}

function pieceAt(marks: readonly number[], offset: number): number {
  let low = 0
  let high = marks.length / 3 - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (marks[middle * 3]! <= offset) low = middle
    else high = middle - 1
  }
  return low
}

/** The steps from a text to what wrote its character at the offset, outermost first. */
function trace(map: TextMap, offset: number): readonly Step[] {
  const { marks } = map
  if (marks.length === 0) return [{ map, pos: 0, exact: false }]
  const piece = pieceAt(marks, offset)
  const [start, pos, kind] = [marks[piece * 3]!, marks[piece * 3 + 1]!, marks[piece * 3 + 2]!]
  const within = Math.max(0, offset - start)
  if (kind === literal) return [{ map, pos: pos + within, exact: true }]
  const inner = map.inner.get(piece)
  return [{ map, pos, exact: false }, ...(inner ? trace(inner, within) : [])]
}

function isSameCode(a: TextMap, b: TextMap): boolean {
  return a.source === b.source && a.macro === b.macro
}

/** Text that a template hands to a macro and gets back is at its own place; else macros are told beside the tag. */
function placeIn(map: TextMap, offset: number): OutputPlace {
  const steps = trace(map, offset)
  const place = (step: Step) => ({ ...placeOf(step.map.source, step.pos), exact: step.exact })
  const own = steps.findLast((step) => isSameCode(step.map, map))!
  const deeper = steps.slice(steps.indexOf(own) + 1)
  const inside = deeper.filter((step, at) => {
    const next = deeper[at + 1]
    return step.map.macro !== null && !(next && isSameCode(step.map, next.map))
  })
  return { ...place(own), inside: inside.map((step) => ({ ...place(step), macro: step.map.macro! })) }
}
