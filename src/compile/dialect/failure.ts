// How errors travel: what generated code throws is collected with the places it passed through.
import { placeOf, type SourceText } from './lines.ts'
import { type MacroFrame, TemplateError } from './template-error.ts'
import { PyError, type Value } from './values/value.ts'

/** `return(value)` on its way out of the macro. */
export class MacroReturn {
  readonly value: Value
  constructor(value: Value) {
    this.value = value
  }
}

/** A question to the outside world on its way out of the template. */
export class Suspend {
  readonly question: Question
  constructor(question: Question) {
    this.question = question
  }
}

/** What a template wants to know; questions with the same key are the same question asked again. */
export interface Question {
  readonly key: string
  readonly [detail: string]: unknown
}

/** A place in code that was being run. */
interface Frame {
  readonly source: SourceText
  readonly macro: string | null
  readonly pos: number
}

/** An error with the code it passed through, innermost first. */
export class Failure {
  readonly cause: unknown
  readonly frames: Frame[]
  constructor(cause: unknown, frames: Frame[]) {
    this.cause = cause
    this.frames = frames
  }
}

/** Adds a frame to an error; returns and questions pass as they are. */
export function throughFrame(error: unknown, frame: Frame): unknown {
  if (error instanceof MacroReturn || error instanceof Suspend) return error
  if (!(error instanceof Failure)) return new Failure(error, [frame])
  error.frames.push(frame)
  return error
}

/** The error as it leaves the dialect. */
export function asTemplateError(error: unknown, source: SourceText): unknown {
  if (error instanceof Suspend || error instanceof TemplateError) return error
  if (error instanceof MacroReturn)
    return templateError(new PyError('TemplateRuntimeError', 'return() outside of a macro'), [
      { source, macro: null, pos: 0 },
    ])
  if (!(error instanceof Failure)) return templateError(error, [{ source, macro: null, pos: 0 }])
  if (error.cause instanceof TemplateError) return error.cause
  return templateError(error.cause, error.frames)
}

function templateError(cause: unknown, frames: readonly Frame[]): TemplateError {
  const place = ({ source, pos }: Frame) => placeOf(source, pos)
  const macros = frames
    .filter((frame) => frame.macro !== null)
    .map((frame): MacroFrame => ({ ...place(frame), macro: frame.macro! }))
  const { message, kind } = describeCause(cause)
  const hint = hintFor(kind, message)
  return new TemplateError({
    message,
    kind,
    place: place(frames[0]!),
    outerPlace: place(frames.at(-1)!),
    macros,
    cause,
    ...(hint !== undefined && { hint }),
  })
}

function describeCause(cause: unknown): { readonly message: string; readonly kind: string } {
  if (cause instanceof PyError) return { message: cause.message, kind: cause.type }
  if (cause instanceof RangeError && /call stack/.test(cause.message))
    return { message: 'maximum recursion depth exceeded', kind: 'RecursionError' }
  if (cause instanceof Error) return { message: cause.message, kind: cause.name }
  return { message: String(cause), kind: 'Error' }
}

function hintFor(kind: string, message: string): string | undefined {
  if (kind === 'RecursionError') return 'does a macro call itself without an end?'
  if (kind === 'UndefinedError' && message.endsWith('is undefined'))
    return 'is the name spelled as it is defined, and the package that has it installed?'
  if (kind === 'TypeError' && message.startsWith('can only concatenate str'))
    return 'join with ~ instead of +, or convert with | string'
  return undefined
}
