// dbt's dialect of Jinja: templates mean here what they mean in dbt.
export { Answers } from './answers.ts'
export { Context } from './context.ts'
export { fromJs, toExactJs, toJs } from './convert.ts'
export { type Dialect, type DialectOptions, makeDialect, type Rendered } from './dialect.ts'
export { type Question, Suspend } from './failure.ts'
export { makeSet, zip } from './globals.ts'
export { fromMicros, type Parts, toMicros } from './modules/calendar.ts'
export { PyDate, PyDateTime } from './modules/datetime.ts'
export { fixedZone } from './modules/time-zone.ts'
export type { ParseMode } from './parser.ts'
export type { NameSource } from './session.ts'
export type { MacroPlace, OutputPlace, SourceMap } from './source-map.ts'
export type { BlockKind, BlockParameter, ParsedTemplate, StaticCall, TemplateBlock } from './template.ts'
export { describeMacros, type MacroFrame, type Place, TemplateError } from './template-error.ts'
export { bind } from './values/arguments.ts'
export { callValue } from './values/calls.ts'
export { compare, equals } from './values/compare.ts'
export { Dict, PySet } from './values/dict.ts'
export { dumpJson, type JsonStyle, loadJson } from './values/json.ts'
export { repr, str } from './values/repr.ts'
export { iterate, sliceIndices, truth } from './values/sequences.ts'
export {
  Float,
  HostObject,
  type HostProtocol,
  hostFunction,
  hostObject,
  type Kwargs,
  PyError,
  raise,
  Tuple,
  Undefined,
  type Value,
} from './values/value.ts'
