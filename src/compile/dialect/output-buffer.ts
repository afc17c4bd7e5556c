// What generated code writes to: text with marks of where each piece came from, or, when a native value is
// wanted, the list of the values written.
import type { SourceText } from './lines.ts'
import { computed, literal, type TextMap } from './source-map.ts'
import { escapeHtml } from './values/escape.ts'
import { str } from './values/repr.ts'
import { isText, Markup, raise, textOf, typeName, type Value } from './values/value.ts'

/** The maps of texts that macros and blocks have returned, to be found again when the text is printed. */
export type WrittenTexts = Map<string, TextMap>

/** Collects output. */
export class OutputBuffer {
  text = ''
  /** Whether `autoescape true` is in force. */
  autoescape = false
  /** The written values, when a native value is wanted. */
  readonly values: Value[] | undefined
  private readonly source: SourceText
  private readonly macro: string | null
  private readonly written: WrittenTexts
  private readonly marks: number[] = []
  private inner: Map<number, TextMap> | undefined

  constructor(source: SourceText, macro: string | null, written: WrittenTexts, native = false) {
    this.source = source
    this.macro = macro
    this.written = written
    this.values = native ? [] : undefined
  }

  /** Writes literal text of the template. */
  literal(text: string, pos: number): void {
    this.marks.push(this.text.length, pos, literal)
    this.text += text
    this.values?.push(text)
  }

  /** Writes what `{{ … }}` computed. */
  value(value: Value, pos: number): void {
    if (this.values) {
      this.values.push(value)
      return
    }
    this.write(this.autoescape ? escapeHtml(value).text : str(value), pos)
  }

  /** Writes a value known when the template was compiled; natively it counts as text. */
  constant(value: Value, pos: number): void {
    this.value(this.values ? str(value) : value, pos)
  }

  /** Writes what a call block's call gave, which has to be text. */
  called(value: Value, pos: number): void {
    if (this.values) this.values.push(value)
    else if (isText(value)) this.write(textOf(value), pos)
    else raise('TypeError', `sequence item 0: expected str instance, ${typeName(value)} found`)
  }

  private write(text: string, pos: number): void {
    if (text === '') return
    const map = this.written.size > 0 ? this.written.get(text) : undefined
    if (map) {
      this.inner ??= new Map()
      this.inner.set(this.marks.length / 3, map)
    }
    this.marks.push(this.text.length, pos, computed)
    this.text += text
  }

  /** The map of the text written so far. */
  map(): TextMap {
    return { source: this.source, macro: this.macro, marks: this.marks, inner: this.inner ?? new Map() }
  }

  /** A buffer for a part whose text is captured (a set block, a call block, a filter block). */
  fork(): OutputBuffer {
    const fork = new OutputBuffer(this.source, this.macro, this.written)
    fork.autoescape = this.autoescape
    return fork
  }

  /** The captured text, remembered so that printing it later leads back here. */
  finish(): Value {
    if (this.text !== '') this.written.set(this.text, this.map())
    return this.autoescape ? new Markup(this.text) : this.text
  }
}
