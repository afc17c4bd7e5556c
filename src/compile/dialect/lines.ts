// From an offset in a source to its line and column.
import type { Place } from './template-error.ts'

/** A template's source as the lexer sees it: newlines normalised, one at the end taken off. */
export interface SourceText {
  readonly file: string
  readonly text: string
}

/** Normalises newlines and takes off one at the end, as Jinja does before anything else. */
export function normalSource(source: string): string {
  const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

/** The 1-based line and column of an offset. */
export function placeOf(source: SourceText, offset: number): Place {
  const at = Math.max(0, Math.min(offset, source.text.length))
  let line = 1
  let start = 0
  for (
    let next = source.text.indexOf('\n');
    next >= 0 && next < at;
    next = source.text.indexOf('\n', start)
  ) {
    line += 1
    start = next + 1
  }
  return { file: source.file, line, column: at - start + 1 }
}
