// The shapes of generated code, apart from what runs it.
import type { OutputBuffer } from './output-buffer.ts'
import type { Kwargs, Value } from './values/value.ts'

/** A template's generated code: writes to the buffer. The first argument is a `Runtime`. */
export type RootFunction = (rt: unknown, out: OutputBuffer) => void

/** A macro's generated code: what it writes is its value. The first argument is a `Runtime`. */
export type MacroFunction = (rt: unknown, args: readonly Value[], kwargs: Kwargs) => Value
