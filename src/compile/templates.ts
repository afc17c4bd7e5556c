import { extended } from '../core/extended.ts'
import type { Target } from '../core/manifest.ts'
import type { Relation, ResourceType } from '../core/node.ts'
import type { Place, Problem } from '../core/problem.ts'
import type { Project, ProjectConfig, ProjectFile } from '../core/project.ts'
import type { QuotingSpec } from '../core/quoting-spec.ts'
import { type Config, isMap, joinCalls } from './config-tree.ts'
import type { ContextScope } from './context/context.ts'
import { noDatabase } from './context/database.ts'
import { relationValue } from './context/relation-value.ts'
import { runtimeConfigValue } from './context/runtime-config.ts'
import {
  type Context,
  type Dialect,
  Dict,
  fromJs,
  makeDialect,
  type NameSource,
  type ParsedTemplate,
  type Value,
} from './dialect/index.ts'
import { type Macros, readMacros } from './macros.ts'
import { makeNames } from './names.ts'
import type { Read } from './nodes/draft.ts'
import { makeOwnMacros, type OwnMacros } from './own-macros.ts'
import { makePackageVars } from './package-vars.ts'
import type { RenderScope } from './renderer.ts'
import { captureStatically } from './static-capture.ts'
import { templateProblem } from './template-problem.ts'
import { writtenConfigCall } from './written-config-call.ts'

/*
 * The templates of a project: parsed once, rendered as often as needed. While a project is compiled each is
 * rendered with nothing behind it, to learn what it declares and what it reads.
 */

export interface TemplatesOptions {
  readonly target: Target
  /** Values of --vars. */
  readonly vars: Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: () => Date
  /** Texts of project files by path, for showing lines. */
  readonly textOf: (file: string) => string | undefined
  /**
   * Told of each name of the context that a template looks up while the project is parsed, and of `now` when it asks
   * what time it is; `file` is what is captured, null for a value of YAML.
   */
  readonly seen?: (name: string, file: string | null) => void
}

export interface CaptureRequest {
  readonly file: Pick<ProjectFile, 'path' | 'text' | 'package'>
  readonly name: string
  readonly resourceType: ResourceType
  /** What is configured outside of the file. */
  readonly config: Config
  /** Where the node would stand by that config, made when the template asks. */
  readonly naming?: () => Relation
  readonly relation?: Relation
}

/** What of a project its templates need. */
export interface TemplateProject extends Pick<Project, 'packages' | 'macros'> {
  readonly config: Pick<ProjectConfig, 'name' | 'vars' | 'dispatch'> & Partial<Pick<ProjectConfig, 'flags'>>
}

/** A generic test as YAML declares it. */
export interface TestRequest {
  readonly test: string
  readonly args: Config
  /** The relation it looks at, as an expression. */
  readonly model: string
  readonly package: string
  readonly config: Config
  readonly place: Place
}

/** What a template declares and reads. */
export interface Capture {
  readonly reads: readonly Read[]
  readonly config: Config
  /** What the file's call of config() says as it is written, where that is not what is kept of it anyway. */
  readonly written?: Config
  /** Where the file calls config(), if it does. */
  readonly configPlace: Place | undefined
  readonly problems: readonly Problem[]
}

export interface Templates {
  readonly dialect: Dialect
  readonly macros: Macros
  readonly problems: readonly Problem[]
  readonly options: TemplatesOptions
  readonly projectName: string
  /** What `builtins.ref.config` shows of the project. */
  readonly runtimeConfig: () => Value
  /** Flags that the project's file sets, by their names in capitals. */
  readonly projectFlags: Readonly<Record<string, unknown>>
  /** The packages in which macros of a namespace are looked for, where the project says so. */
  dispatchedTo(namespace: string): readonly string[]
  /** What of dbt's own macros the project replaces. */
  readonly ownMacros: OwnMacros
  /** How the names of the project's own relations are written. */
  readonly quoting: QuotingSpec
  /** The project itself, then its packages. */
  readonly packages: Project['packages']
  /** The vars that a package's templates see. */
  varsOf(packageName: string): Config
  parse(text: string, file: string): ParsedTemplate
  /** Renders without executing, to learn what a file declares and reads. */
  capture(request: CaptureRequest): Capture
  /** Whether a captured file is text and plain calls: its SQL then depends on nothing but where relations stand. */
  isPlain(path: string): boolean
  /** The same as `capture` for a generic test: what its arguments read, and what its macro reads and declares. */
  captureTest(request: TestRequest): Pick<Capture, 'reads' | 'config' | 'problems'>
  /** What values of YAML read: strings such as `ref('orders')`, and templates. */
  captureArguments(args: Config, place: Place, packageName?: string): Pick<Capture, 'reads' | 'problems'>
  /** The names of one rendering. */
  names(scope: ContextScope): Context
  /** The names for a template that belongs to no node: values of YAML, naming macros. */
  plainNames(packageName?: string, vars?: Config): Context
  /** The names for the comment that statements carry. */
  commentNames(scope: Pick<RenderScope, 'runStartedAt' | 'invocationId' | 'flags'>): Context
  hasMaterialization(name: string, packageName: string): boolean
  /** Runs a rendering for which time stands still, since it may be repeated; `asked` is told when it looks. */
  atOneTime<T>(now: Date, render: () => T, asked?: () => void): T
}

/** Where a template stands that is no file of the project. */
export const inlineFile = '<inline>'

/** A string argument that dbt takes for an expression. */
const plainRef = /^ref\('([\w-]+)'\)$/
const callLike = /^\s*(?:env_var|ref|var|source|doc)\s*\(.+\)\s*$/s

/** Reads the macros and makes the dialect for one project. */
export function makeTemplates(project: TemplateProject, options: TemplatesOptions): Templates {
  let stopped: { readonly now: Date; readonly asked: (() => void) | undefined } | null = null
  let captured: string | null = null
  const seen = options.seen && ((name: string) => options.seen!(name, captured))
  const clock = (): Date => {
    if (stopped) stopped.asked?.()
    else seen?.('now')
    return stopped?.now ?? options.clock()
  }
  // A rendering that leaves something to chance may give something else each time, as one that asks for the time.
  const random = (): number => {
    clock()
    return Math.random()
  }
  const dialect = makeDialect({ clock, random })
  const projectName = project.config.name
  const projectFlags = Object.fromEntries(
    Object.entries(project.config.flags ?? {}).map(([name, value]) => [name.toUpperCase(), value]),
  )
  const quoting = project.packages.find(({ name }) => name === projectName)?.config.quoting ?? {}
  const { macros, problems } = readMacros(
    dialect,
    project.macros,
    projectName,
    project.config.flags?.['require_explicit_package_overrides_for_builtin_materializations'] === false,
  )
  const dispatchedTo = (namespace: string): readonly string[] =>
    project.config.dispatch.find(({ macroNamespace }) => macroNamespace === namespace)?.searchOrder ?? []
  const varsOf = makePackageVars(project, options.vars)
  const parsed = new Map<string, { readonly text: string; readonly template: ParsedTemplate }>()

  const parse = (text: string, file: string): ParsedTemplate => {
    const known = parsed.get(file)
    if (known?.text === text) return known.template
    // What is no file is taken as it was typed.
    const template = dialect.parse(text, file, { trimmed: file !== inlineFile })
    parsed.set(file, { text, template })
    return template
  }

  const names = (scope: ContextScope): Context => makeNames(dialect, macros, project.config.dispatch, scope)

  const runtimeConfig = once(() =>
    runtimeConfigValue({
      projectName,
      target: options.target,
      vars: varsOf(projectName),
      packages: project.packages,
    }),
  )

  /** What every parsing sees: no database, nothing incremental, nothing configured yet. */
  const scopeForParsing = (packageName: string): ContextScope => ({
    packageName,
    projectName,
    runtimeConfig,
    target: options.target,
    vars: varsOf(packageName),
    commandLineVars: options.vars,
    env: options.env,
    secrets: false,
    execute: false,
    database: noDatabase,
    ref: () => '',
    source: () => '',
    function: () => '',
    config: { current: () => null, declare: () => {} },
    thisRelation: null,
    standing: (relation) => relation,
    folded: (relation) => relation,
    requireVars: false,
    isIncremental: false,
    model: () => new Dict(),
    graph: () =>
      Dict.of(
        ['nodes', 'sources', 'exposures', 'metrics', 'groups', 'functions'].map((kind) => [kind, new Dict()]),
      ),
    schema: options.target.schema,
    flags: () => projectFlags,
    selected: [],
    runStartedAt: options.clock(),
    invocationId: '',
    more: {},
    overrides: {},
    log: () => {},
    print: () => {},
    ...(seen && { seen }),
  })

  /** A scope that notes what is read and declared; whatever is referred to stands where `stand` does. */
  const listening = (packageName: string, stand: () => Value, placeOf: PlaceOf) => {
    const reads: Read[] = []
    const declared: { config: Config } = { config: {} }
    const scope: ContextScope = extended(scopeForParsing(packageName), {
      ref: (call) => {
        const written = call.package === undefined ? [call.name] : [call.package, call.name]
        reads.push({ kind: 'ref', ...call, place: placeOf('ref', written) })
        return stand()
      },
      source: (call) => {
        reads.push({ kind: 'source', ...call, place: placeOf('source', [call.source, call.table]) })
        return stand()
      },
      function: (call) => {
        const written = call.package === undefined ? [call.name] : [call.package, call.name]
        reads.push({ kind: 'function', ...call, place: placeOf('function', written) })
        return stand()
      },
      config: {
        current: () => null,
        declare: (values) => {
          declared.config = joinCalls(declared.config, values)
        },
      },
    })
    return { reads, declared, scope }
  }

  const { target } = options
  const standIn = (): Value =>
    relationValue({ database: target.database, schema: target.schema, identifier: '__dbt_parsing' })

  const plainFiles = new Set<string>()
  const capture: Templates['capture'] = ({ file, name, resourceType, config, naming, relation }) => {
    let configPlace: Place | undefined
    let written: Config | undefined
    const start = { file: file.path, line: 1, column: 1 }
    let template: ParsedTemplate | undefined
    const placeOf: PlaceOf = (kind, args) =>
      template?.calls.find((call) => call.name === kind && sameArguments(call.args, args))?.place ?? start
    const own = once(() => relation ?? naming?.() ?? { schema: target.schema, identifier: name })
    const stand = once(() => relationValue({ database: target.database, ...own() }))
    const { reads, declared, scope } = listening(file.package, stand, placeOf)
    const problemsHere: Problem[] = []
    captured = file.path
    try {
      template = parse(file.text, file.path)
      configPlace = template.calls.find((call) => call.name === 'config')?.place
      written = writtenConfigCall(template, file.text, resourceType)
      const found = captureStatically(template, file.text, {
        isModel: resourceType === 'model',
        isReplaced: (called) => macros.find(called, file.package) !== undefined,
        hasVar: (called) => Object.hasOwn(varsOf(file.package), called),
      })
      if (found) {
        plainFiles.add(file.path)
        return { ...found, configPlace, ...(written && { written }), problems: [] }
      }
      const model = () =>
        fromJs({
          name,
          resource_type: resourceType,
          package_name: file.package,
          unique_id: `${resourceType}.${file.package}.${name}`,
          original_file_path: file.path,
          database: target.database,
          schema: own().schema,
          alias: own().identifier,
          config,
          raw_code: file.text,
          tags: config['tags'] ?? [],
          meta: config['meta'] ?? {},
        })
      const more = { this: stand, schema: () => own().schema }
      dialect.render(template, names({ ...scope, model, more }))
    } catch (error) {
      problemsHere.push(templateProblem(error, options.textOf))
    } finally {
      captured = null
    }
    return {
      reads,
      config: declared.config,
      configPlace,
      ...(written && { written }),
      problems: problemsHere,
    }
  }

  const captureArguments: Templates['captureArguments'] = (args, place, packageName = projectName) => {
    const { reads, scope } = listening(packageName, standIn, () => place)
    return {
      reads,
      problems: attempt(place, () => void renderArguments(dialect, args, names(scope), place.file)),
    }
  }

  const captureTest: Templates['captureTest'] = (request) => {
    const { test, args, model, place } = request
    const block = macros.findTest(test, request.package)
    // Our own tests read nothing but their arguments, which are seldom templates.
    if (block && macros.packageOf(block) === undefined && Object.values(args).every(isWritten))
      return { reads: [], config: {}, problems: [] }
    const { reads, declared, scope } = listening(request.package, standIn, () => place)
    const problemsHere = attempt(place, () => {
      const context = names(scope)
      const values = renderArguments(dialect, args, context, place.file)
      if (!block || macros.packageOf(block) === undefined) return
      const before = reads.length
      const relation = renderArguments(dialect, { model }, context, place.file)
      reads.length = before
      dialect.callMacro(block, [], { ...values, ...relation }, context)
    })
    return { reads, config: declared.config, problems: problemsHere }
  }

  const attempt = (place: Place, render: () => void): Problem[] => {
    try {
      render()
      return []
    } catch (error) {
      return [{ ...templateProblem(error, options.textOf), place }]
    }
  }

  return {
    dialect,
    macros,
    problems,
    options,
    projectName,
    runtimeConfig,
    packages: project.packages,
    projectFlags,
    dispatchedTo,
    ownMacros: makeOwnMacros(macros, [projectName, ...dispatchedTo('dbt')]),
    quoting,
    varsOf,
    parse,
    capture,
    isPlain: (path) => plainFiles.has(path),
    captureTest,
    captureArguments,
    names,
    plainNames: (packageName = projectName, vars = varsOf(packageName)) =>
      names({ ...scopeForParsing(packageName), vars, secrets: true }),
    commentNames: ({ runStartedAt, invocationId, flags = {} }) =>
      names({
        ...scopeForParsing(projectName),
        execute: true,
        runStartedAt,
        invocationId,
        flags: () => ({ ...projectFlags, ...flags }),
      }),
    hasMaterialization: (name, packageName) => macros.findMaterialization(name, packageName) !== undefined,
    atOneTime(now, render, asked) {
      stopped = { now, asked }
      try {
        return render()
      } finally {
        stopped = null
      }
    },
  }
}

type PlaceOf = (kind: string, args: readonly string[]) => Place

/** Whether an argument means what is written. */
function isWritten(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('{') && !callLike.test(value)
  return typeof value === 'number' || typeof value === 'boolean'
}

/** The arguments of a generic test as values: strings are rendered, and calls such as `ref('x')` are made. */
export function renderArguments(
  dialect: Dialect,
  args: Config,
  source: NameSource | Context,
  file: string,
): Record<string, Value> {
  const render = (value: unknown, key: string | null): Value => {
    if (typeof value === 'string') {
      if (key === 'column_name') return value
      // Nearly every test looks at what this refers to.
      const [, name] = plainRef.exec(value) ?? []
      const referred = name === undefined ? undefined : dialect.callNative('ref', name, source)
      if (referred) return referred
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

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function sameArguments(written: readonly (Value | undefined)[], args: readonly string[]): boolean {
  return written.length === args.length && args.every((arg, index) => written[index] === arg)
}
