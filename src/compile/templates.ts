import type { Target } from '../core/manifest.ts'
import type { Place, Problem } from '../core/problem.ts'
import type { ProjectFile } from '../core/project.ts'
import { type Config, isMap, mergeConfig } from './config-tree.ts'
import { type ContextScope, makeContext, type RefCall, type SourceCall } from './context/context.ts'
import { relationValue } from './context/relation-value.ts'
import {
  type Dialect,
  Dict,
  fromJs,
  makeDialect,
  type NameSource,
  type ParsedTemplate,
  type Value,
} from './dialect/index.ts'
import { type Macros, readMacros } from './macros.ts'
import type { Naming, Read } from './nodes/draft.ts'
import { templateProblem } from './template-problem.ts'

/*
 * The templates of a project: parsed once, rendered as often as needed. While a project is compiled each is
 * rendered with nothing behind it, to learn what it declares and what it reads.
 */

export interface TemplatesOptions {
  readonly target: Target
  readonly vars: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: () => Date
  /** Texts of project files by path, for showing lines. */
  readonly textOf: (file: string) => string | undefined
}

export interface CaptureRequest {
  readonly file: ProjectFile
  readonly name: string
  readonly resourceType: 'model' | 'test'
  /** What is configured outside of the file. */
  readonly config: Config
  readonly naming: Naming
}

/** What a template declares and reads. */
export interface Capture {
  readonly reads: readonly Read[]
  readonly config: Config
  /** Where the file calls config(), if it does. */
  readonly configPlace: Place | undefined
  readonly problems: readonly Problem[]
}

export interface Templates {
  readonly dialect: Dialect
  readonly macros: Macros
  readonly problems: readonly Problem[]
  readonly options: TemplatesOptions
  parse(text: string, file: string): ParsedTemplate
  /** Renders without executing, to learn what a file declares and reads. */
  capture(request: CaptureRequest): Capture
  /** What the arguments of a generic test read: strings such as `ref('orders')`. */
  captureArguments(args: Readonly<Record<string, unknown>>, place: Place): Pick<Capture, 'reads' | 'problems'>
  /** The names a template finds: the context's first, then macros. */
  names(scope: ContextScope): NameSource
  /** The names for a template that belongs to no node: values of YAML, naming macros. */
  plainNames(): NameSource
  hasMacro(name: string): boolean
  closestMacro(name: string): string | undefined
}

/** A string argument that dbt takes for an expression. */
const callLike = /^\s*(?:env_var|ref|var|source|doc)\s*\(.+\)\s*$/s

/** Reads the macros and makes the dialect for one project. */
export function makeTemplates(macroFiles: readonly ProjectFile[], options: TemplatesOptions): Templates {
  const dialect = makeDialect()
  const { macros, problems } = readMacros(dialect, macroFiles)
  const parsed = new Map<string, { readonly text: string; readonly template: ParsedTemplate }>()

  const parse = (text: string, file: string): ParsedTemplate => {
    const known = parsed.get(file)
    if (known?.text === text) return known.template
    const template = dialect.parse(text, file)
    parsed.set(file, { text, template })
    return template
  }

  const names = (scope: ContextScope): NameSource => {
    const context = makeContext(scope)
    return {
      // A name of the context may be replaced by a macro of the project, as dbt allows.
      lookup: (name) =>
        macros.findOwn(name) ?? (Object.hasOwn(context, name) ? context[name] : macros.find(name)),
    }
  }

  const capture = ({ file, name, resourceType, config: outside, naming }: CaptureRequest): Capture => {
    const reads: Read[] = []
    let declared: Config = {}
    try {
      const template = parse(file.text, file.path)
      const placeOf = (kind: string, ...args: string[]): Place =>
        template.calls.find((call) => call.name === kind && sameArguments(call.args, args))?.place ?? {
          file: file.path,
          line: 1,
          column: 1,
        }
      const configPlace = template.calls.find((call) => call.name === 'config')?.place
      const own = naming({ name, config: outside })
      const stand = relationValue({ database: options.target.database, ...own })
      const scope: ContextScope = {
        ...scopeForParsing(options, { name, resource_type: resourceType }),
        ref: (call) => {
          const written = call.package === undefined ? [call.name] : [call.package, call.name]
          reads.push({ kind: 'ref', ...call, place: placeOf('ref', ...written) })
          return stand
        },
        source: (call) => {
          reads.push({ kind: 'source', ...call, place: placeOf('source', call.source, call.table) })
          return stand
        },
        config: {
          current: () => mergeConfig(outside, declared),
          declare: (values) => {
            declared = mergeConfig(declared, values)
          },
        },
        thisRelation: own,
      }
      dialect.render(template, names(scope))
      return { reads, config: declared, configPlace, problems: [] }
    } catch (error) {
      return {
        reads,
        config: declared,
        configPlace: undefined,
        problems: [templateProblem(error, options.textOf)],
      }
    }
  }

  const captureArguments = (args: Readonly<Record<string, unknown>>, place: Place) => {
    const reads: Read[] = []
    const problems: Problem[] = []
    const stand = relationValue({
      database: options.target.database,
      schema: 'schema',
      identifier: 'identifier',
    })
    const scope: ContextScope = {
      ...scopeForParsing(options, {}),
      ref: (call) => {
        reads.push({ kind: 'ref', ...call, place })
        return stand
      },
      source: (call) => {
        reads.push({ kind: 'source', ...call, place })
        return stand
      },
    }
    try {
      renderArguments(dialect, args, names(scope), place.file)
    } catch (error) {
      problems.push({ ...templateProblem(error, options.textOf), place })
    }
    return { reads, problems }
  }

  return {
    dialect,
    macros,
    problems,
    options,
    parse,
    capture,
    captureArguments,
    names,
    plainNames: () => names(scopeForParsing(options, {})),
    hasMacro: (name) => macros.find(name) !== undefined,
    closestMacro: (name) => macros.closest(name),
  }
}

/** The arguments of a generic test as values: strings are rendered, and calls such as `ref('x')` are made. */
export function renderArguments(
  dialect: Dialect,
  args: Readonly<Record<string, unknown>>,
  source: NameSource,
  file: string,
): Record<string, Value> {
  const render = (value: unknown, key: string | null): Value => {
    if (typeof value === 'string') {
      if (key === 'column_name') return value
      const text = callLike.test(value) ? `{{ ${value} }}` : value
      return text.includes('{') ? dialect.renderNative(dialect.parse(text, file), source) : text
    }
    if (Array.isArray(value)) return value.map((item) => render(item, null))
    if (isMap(value)) {
      const rendered = Object.entries(value).map(([name, item]) => [name, render(item, null)] as const)
      return Dict.of(rendered)
    }
    return fromJs(value)
  }
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, render(value, name)]))
}

/** What every parsing sees: no database, nothing incremental. */
function scopeForParsing(options: TemplatesOptions, model: Readonly<Record<string, unknown>>): ContextScope {
  const nothing = (): Value => ''
  return {
    target: options.target,
    vars: options.vars,
    env: options.env,
    execute: false,
    ref: nothing as (call: RefCall) => Value,
    source: nothing as (call: SourceCall) => Value,
    config: { current: () => ({}), declare: () => {} },
    thisRelation: null,
    isIncremental: false,
    fullRefresh: false,
    model,
    runStartedAt: options.clock(),
    invocationId: '',
    log: () => {},
  }
}

function sameArguments(written: readonly (Value | undefined)[], args: readonly string[]): boolean {
  return written.length === args.length && args.every((arg, index) => written[index] === arg)
}
