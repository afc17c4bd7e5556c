// What one rendering offers to the code that runs in it.
import type { WrittenTexts } from './output-buffer.ts'
import type { TemplateBlock } from './template.ts'
import type { HostObject, Kwargs, Value } from './values/value.ts'

/** Where a template finds its names. */
export interface NameSource {
  /**
   * The value of a name, or a macro to be called by that name; undefined when there is none. Asked when the
   * name is read, with the block whose code reads it (null for a template's own code), so that macros can
   * come from any file and see first what their own package has.
   */
  lookup(name: string, from: TemplateBlock | null): Value | TemplateBlock | undefined
  /** While a project is parsed: what is undefined may be called and have attributes, all undefined. */
  readonly lenient?: boolean
}

/** What a dialect sets for all its renderings. */
export interface SessionSettings {
  readonly globals: ReadonlyMap<string, Value>
  readonly maxDepth: number
  readonly filter: (session: Session, name: string, args: readonly Value[], kwargs: Kwargs) => Value
  readonly test: (session: Session, name: string, args: readonly Value[], kwargs: Kwargs) => boolean
  readonly extension: (
    name: string,
    method: string,
    args: readonly Value[],
    bodies: readonly (() => Value)[],
  ) => Value
}

/** One rendering as generated code and filters see it. */
export interface Session {
  readonly settings: SessionSettings
  readonly written: WrittenTexts
  readonly lenient: boolean
  /** Whether a value is wanted rather than text. */
  readonly native: boolean
  find(name: string, from: TemplateBlock | null): Value | undefined
  macro(block: TemplateBlock): HostObject
}
