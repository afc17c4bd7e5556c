// What parsing a file gives: its blocks, the calls that can be seen without running it, and its code.

import type { MacroFunction, RootFunction } from './code.ts'
import type { SourceText } from './lines.ts'
import type { Place } from './template-error.ts'
import type { Value } from './values/value.ts'

/** The kinds of blocks that define something. */
export type BlockKind = 'macro' | 'test' | 'materialization' | 'docs' | 'snapshot'

/** A parameter of a block as written. */
export interface BlockParameter {
  readonly name: string
  /** The type annotation, if any. */
  readonly typeName: string | null
  readonly hasDefault: boolean
}

/** A macro or another defining block of a template. */
export interface TemplateBlock {
  readonly kind: BlockKind
  readonly name: string
  readonly parameters: readonly BlockParameter[]
  /** Of a materialization: the adapter it is for, `default` unless said. */
  readonly adapter: string | null
  /** Of a materialization: the languages it says it supports. */
  readonly supportedLanguages: readonly string[] | null
  readonly place: Place
  /** Offsets in `template.text`: of the whole block with its tags, and of what is between them. */
  readonly start: number
  readonly end: number
  readonly bodyStart: number
  readonly bodyEnd: number
  readonly code: () => MacroFunction
  readonly template: ParsedTemplate
}

/** A call with a plain name, as written in the source: ref('a'), var('x', 1) … */
export interface StaticCall {
  readonly name: string
  /** The arguments, where they are literals; undefined where one must be computed. */
  readonly args: readonly (Value | undefined)[]
  readonly kwargs: Readonly<Record<string, Value | undefined>>
  /** Whether every argument is a literal. */
  readonly literal: boolean
  /** Of config(): its named arguments as they are written. */
  readonly written?: Readonly<Record<string, string>>
  readonly place: Place
  readonly pos: number
  /** The name of the block it stands in, or null at the top of the file. */
  readonly block: string | null
}

/** A parsed template: can be kept and rendered any number of times. */
export interface ParsedTemplate extends SourceText {
  /** Where in the text the template begins: after the white space that is no part of it. */
  readonly start: number
  readonly blocks: readonly TemplateBlock[]
  readonly calls: readonly StaticCall[]
  /** Every name the file reads, and `a.b` for attributes of plain names. */
  readonly names: ReadonlySet<string>
  /** Whether rendering gives the source itself. */
  readonly isPlainText: boolean
  readonly code: () => RootFunction
}
