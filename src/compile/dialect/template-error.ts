// The one error that leaves the dialect: what went wrong, where, through which macros, and what to do.

/** A place in a template file, 1-based. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A macro that was being run, with the place in it that was reached. */
export interface MacroFrame extends Place {
  readonly macro: string
}

/** An error of a template, with the place in the template that was rendered or parsed. */
export class TemplateError extends Error {
  /** The place nearest to the cause: in a macro when one was being run. */
  readonly place: Place
  readonly hint: string | undefined
  /** The macros that were being run, innermost first. */
  readonly macros: readonly MacroFrame[]
  /** The place in the template being rendered; the same as `place` outside of macros. */
  readonly outerPlace: Place
  /** Python's name for the error, such as TypeError, or TemplateSyntaxError. */
  readonly kind: string

  constructor(details: {
    message: string
    kind: string
    place: Place
    hint?: string
    macros?: readonly MacroFrame[]
    outerPlace?: Place
    cause?: unknown
  }) {
    super(details.message, { cause: details.cause })
    this.name = 'TemplateError'
    this.kind = details.kind
    this.place = details.place
    this.hint = details.hint
    this.macros = details.macros ?? []
    this.outerPlace = details.outerPlace ?? details.place
  }
  get file(): string {
    return this.place.file
  }
  get line(): number {
    return this.place.line
  }
  get column(): number {
    return this.place.column
  }
}

/** The macro call stack in words: `in macro x (macros/a.sql:3)`. */
export function describeMacros(macros: readonly MacroFrame[]): string[] {
  return macros.map((frame) => `in macro ${frame.macro} (${frame.file}:${frame.line})`)
}
