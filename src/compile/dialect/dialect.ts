// The dialect put together: parse, render, call.
import { type Answers, withAnswers } from './answers.ts'
import { compileMacro, compileRoot } from './compiler.ts'
import { Context } from './context.ts'
import { DialectEnvironment } from './environment.ts'
import { asTemplateError, type Question } from './failure.ts'
import { makeGlobals } from './globals.ts'
import { placeOf, type SourceText } from './lines.ts'
import { nativeValue } from './native.ts'
import { OutputBuffer } from './output-buffer.ts'
import { type Definition, type ParsedSource, type ParseMode, parseSource, templateSource } from './parser.ts'
import { plainParts, plainRoot } from './plain-root.ts'
import { type PlainSource, readPlainSource } from './plain-source.ts'
import { Runtime } from './runtime.ts'
import type { NameSource, SessionSettings } from './session.ts'
import { type SourceMap, sourceMapOf } from './source-map.ts'
import type { ParsedTemplate, TemplateBlock } from './template.ts'
import { TemplateError } from './template-error.ts'
import { noKwargs } from './values/arguments.ts'
import { callValue } from './values/calls.ts'
import { str } from './values/repr.ts'
import { HostObject, type Kwargs, raise, type Value } from './values/value.ts'

/** What a dialect is made with. */
export interface DialectOptions {
  /** The time that `modules.datetime` tells; without it, asking for the time is an error. */
  readonly clock?: () => Date
  /** How deep macros may call each other. */
  readonly maxDepth?: number
  /** Numbers from 0 to 1 for the filter `random`. */
  readonly random?: () => number
}

/** Rendered text, and where it came from. */
export interface Rendered {
  readonly text: string
  readonly map: SourceMap
}

/** dbt's Jinja. */
export interface Dialect {
  /** nunjucks' Environment with the dialect's filters, tests and globals: add your own and extensions here. */
  readonly environment: DialectEnvironment
  /** Reads a template; throws TemplateError. What it gives can be kept; code is generated on first use. */
  parse(source: string, file: string, mode?: ParseMode): ParsedTemplate
  /** Prepares one rendering; macros and callers live in it. */
  context(names: NameSource): Context
  /** Renders a template to text. */
  render(template: ParsedTemplate, names: NameSource | Context): Rendered
  /** Renders a template to a value, as dbt does for YAML: `{{ var('x') }}` gives what the var holds. */
  renderNative(template: ParsedTemplate, names: NameSource | Context): Value
  /**
   * The host value that `{{ name('argument') }}` renders to, without a template for it; undefined where it has to be
   * rendered: for any other value, and to tell what is wrong.
   */
  callNative(name: string, argument: string, names: NameSource | Context): HostObject | undefined
  /** Renders what stands in a block (a snapshot's SQL, a doc's text). */
  renderBlock(block: TemplateBlock, names: NameSource | Context): Rendered
  /** Calls a macro, test or materialization; what it hands to `return()` comes as it is, else its text. */
  callMacro(block: TemplateBlock, args: readonly Value[], kwargs: Kwargs, names: NameSource | Context): Value
  /** Calls what `names` have under a name, such as a macro, on behalf of a file: what it throws leaves with a place. */
  callNamed(name: string, args: readonly Value[], names: Context, source: SourceText): Value
  /**
   * Renders a template whose host functions ask with `answers.ask(question)`: each time one has no answer yet,
   * it is got from `ask` and the template rendered again from the start, with names made anew.
   */
  renderWithAnswers(
    template: ParsedTemplate,
    makeNames: (answers: Answers) => NameSource | Context,
    ask: (question: Question) => Promise<Value>,
  ): Promise<Rendered>
  /** The same for anything else that renders, such as a macro call. */
  withAnswers<Result>(
    attempt: (answers: Answers) => Result,
    ask: (question: Question) => Promise<Value>,
  ): Promise<Result>
}

function noClock(): never {
  return raise('TemplateRuntimeError', 'the time is not known here; use run_started_at, or pass a clock')
}

/** Makes the dialect. */
export function makeDialect(options: DialectOptions = {}): Dialect {
  const environment = new DialectEnvironment(
    makeGlobals(options.clock ?? noClock),
    options.random ?? Math.random,
  )
  const settings = settingsOf(environment, options)
  const contextOf = (names: NameSource | Context) =>
    names instanceof Context ? names : new Context(names, settings)
  const render: Dialect['render'] = (template, names) => renderText(template, contextOf(names))
  return {
    environment,
    parse: (written, file, mode) => {
      const { source, start } = templateSource(written, file, mode)
      const plain = mode?.definitionsOnly ? null : readPlainSource(source, start)
      return plain
        ? plainTemplate(source, start, plain)
        : buildTemplate(parseSource(source, start, mode, environment.extensionsList), environment)
    },
    context: contextOf,
    render,
    renderNative: (template, names) => renderToValue(template, contextOf(names)),
    callNative: (name, argument, names) => callToValue(name, argument, contextOf(names)),
    renderBlock: (block, names) => renderBlockText(block, contextOf(names)),
    callMacro: (block, args, kwargs, names) =>
      guarded(block.template, () => contextOf(names).macro(block).protocol.call!(args, kwargs)),
    callNamed: (name, args, names, source) => guarded(source, () => callValue(names.find(name, null)!, args)),
    renderWithAnswers: (template, makeNames, ask) =>
      withAnswers((answers) => render(template, makeNames(answers)), ask),
    withAnswers,
  }
}

function settingsOf(environment: DialectEnvironment, { maxDepth = 200 }: DialectOptions): SessionSettings {
  return {
    globals: environment.dialectGlobals,
    maxDepth,
    filter: (session, name, args, kwargs) => {
      const apply = environment.dialectFilters.get(name)
      return apply
        ? apply(session, args, kwargs)
        : raise('TemplateRuntimeError', `No filter named '${name}'.`)
    },
    test: (session, name, args, kwargs) => {
      const holds = environment.dialectTests.get(name)
      return holds ? holds(session, args, kwargs) : raise('TemplateRuntimeError', `No test named '${name}'.`)
    },
    extension: (name, method, args, bodies) => environment.callExtension(name, method, args, bodies),
  }
}

/** Made when it is asked for; what it is made from is let go of then. */
function once<Result>(make: () => Result): () => Result {
  let from: (() => Result) | undefined = make
  let made: Result | undefined
  return () => {
    if (from) made = from()
    from = undefined
    return made as Result
  }
}

function plainTemplate(
  source: SourceText,
  start: number,
  { parts, calls, names }: PlainSource,
): ParsedTemplate {
  const isPlainText = names.size === 0
  return { ...source, start, blocks: [], calls, names, isPlainText, code: () => plainRoot(parts) }
}

function buildTemplate(parsed: ParsedSource, environment: DialectEnvironment): ParsedTemplate {
  const { source, start, root, definitions, calls, names } = parsed
  const known = {
    hasFilter: (name: string) => environment.hasFilter(name),
    hasTest: (name: string) => environment.hasTest(name),
    fail: (message: string, pos: number): never => {
      throw new TemplateError({ message, kind: 'TemplateAssertionError', place: placeOf(source, pos) })
    },
  }
  const blocks: TemplateBlock[] = []
  const template: ParsedTemplate = {
    ...source,
    start,
    blocks,
    calls,
    names,
    isPlainText: !/\{[{%#]/.test(source.text),
    code: once(() => {
      const parts = plainParts(root)
      return parts ? plainRoot(parts) : compileRoot(root, source.file, known)
    }),
  }
  for (const definition of definitions)
    blocks.push(
      buildBlock(
        definition,
        template,
        once(() => compileMacro(definition.signature, source.file, known)),
      ),
    )
  return template
}

function buildBlock(
  definition: Definition,
  template: ParsedTemplate,
  code: TemplateBlock['code'],
): TemplateBlock {
  const { signature, pos, end, ...rest } = definition
  return {
    ...rest,
    parameters: signature.parameters.map(({ name, typeName, defaultValue }) => ({
      name,
      typeName,
      hasDefault: defaultValue !== null,
    })),
    place: placeOf(template, pos),
    start: pos,
    end,
    code,
    template,
  }
}

/** Runs something of a template; what it throws leaves as a TemplateError with its place. */
function guarded<Result>(source: SourceText, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw asTemplateError(error, source)
  }
}

function renderText(template: ParsedTemplate, context: Context): Rendered {
  const out = new OutputBuffer(template, null, context.written)
  if (template.isPlainText) out.literal(template.text.slice(template.start), template.start)
  else guarded(template, () => template.code()(new Runtime(context, template, null), out))
  return { text: out.text, map: sourceMapOf(out.map()) }
}

function renderToValue(template: ParsedTemplate, context: Context): Value {
  return guarded(template, () => {
    context.native = true
    const out = new OutputBuffer(template, null, context.written, true)
    template.code()(new Runtime(context, template, null), out)
    return nativeValue(out.values ?? [])
  })
}

function callToValue(name: string, argument: string, context: Context): HostObject | undefined {
  context.native = true
  const callee = context.find(name, null)
  if (!(callee instanceof HostObject)) return undefined
  try {
    const value = callValue(callee, [argument])
    return value instanceof HostObject ? value : undefined
  } catch {
    return undefined
  }
}

function renderBlockText(block: TemplateBlock, context: Context): Rendered {
  return guarded(block.template, () => {
    const text = str(context.callBlock(block, [], noKwargs))
    const map = context.written.get(text)
    const empty = {
      source: block.template,
      macro: block.name,
      marks: [0, block.bodyStart, 0],
      inner: new Map(),
    }
    return { text, map: sourceMapOf(map ?? empty) }
  })
}
