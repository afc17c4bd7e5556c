import { dbtVersion } from '../../core/dbt-version.ts'
import type { Target } from '../../core/manifest.ts'
import {
  callValue,
  Dict,
  fromJs,
  type HostObject,
  hostFunction,
  hostObject,
  type Kwargs,
  raise,
  str,
  truth,
  type Value,
} from '../dialect/index.ts'
import { ContextError } from '../template-problem.ts'
import { adapterValue } from './adapter-value.ts'
import { columnClass } from './column-value.ts'
import { type ConfigScope, configValue } from './config-value.ts'
import type { Database } from './database.ts'
import { exceptionsValue } from './exceptions-value.ts'
import { flagsValue } from './flags.ts'
import { functionNames, plainFunction } from './functions.ts'
import { metadataPrefix } from './metadata-prefix.ts'
import { type RelationParts, relationClass, relationValue } from './relation-value.ts'
import { resultFunctions } from './results-value.ts'
import { varValue } from './var-value.ts'

/*
 * The names that every template finds: dbt's, with dbt's meanings.
 */

/** What `ref()` was asked for. */
export interface RefCall {
  readonly package?: string
  readonly name: string
  readonly version?: string
}

/** What `function()` was asked for. */
export interface FunctionCall {
  readonly package?: string
  readonly name: string
}

/** What `source()` was asked for. */
export interface SourceCall {
  readonly source: string
  readonly table: string
}

/** Everything outside the template that rendering one node can reach. */
export interface ContextScope {
  /** Whose macros are found by their plain names, and whose vars are read. */
  readonly packageName: string
  readonly target: Target
  readonly vars: Readonly<Record<string, unknown>>
  /** Those of --vars alone. */
  readonly commandLineVars: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether variables that hold secrets may be read: in YAML that reaches no query. */
  readonly secrets: boolean
  /** Whether a var without value is an error. */
  readonly requireVars: boolean
  /** Whether the template is rendered to be run; while a project is parsed nothing may ask the database. */
  readonly execute: boolean
  readonly database: Database
  readonly ref: (call: RefCall) => Value
  readonly source: (call: SourceCall) => Value
  readonly function: (call: FunctionCall) => Value
  readonly config: ConfigScope
  readonly thisRelation: RelationParts | null
  /** Where a relation that a template names by its parts is to be read. */
  readonly standing: (relation: RelationParts) => RelationParts
  /** A relation's names as they really are, where the project writes names without quotes. */
  readonly folded: (relation: RelationParts) => RelationParts
  readonly isIncremental: boolean
  /** The node itself as a dictionary. */
  readonly model: () => Value
  readonly graph: () => Value
  /** The schema that `schema` names: the node's, else the target's. */
  readonly schema: string
  /** Whether it runs on Citus, for which a macro may have an implementation of its own. */
  readonly isCitus?: boolean
  /** The nodes that the command works on; none while a project is parsed. */
  readonly selected: readonly string[]
  /** Flags by their names in capitals, as far as anybody gave them. */
  readonly flags: () => Readonly<Record<string, unknown>>
  readonly runStartedAt: Date
  readonly invocationId: string
  readonly projectName: string
  /** `builtins.ref.config`: what packages want to know of the whole project. */
  readonly runtimeConfig: () => Value
  /** More names, of hooks and materializations. */
  readonly more: Readonly<Record<string, () => Value>>
  /** What is found before everything else: what a unit test says instead of macros. */
  readonly overrides: Readonly<Record<string, Value>>
  readonly log: (message: string, toTerminal: boolean) => void
  readonly print: (message: string) => void
  /** Told of each of these names that the template looks up. */
  readonly seen?: (name: string) => void
}

/** What of a rendering's context reaches back into the rendering. */
export interface ContextEngine {
  /** A name as a template finds it. */
  readonly find: (name: string) => Value | undefined
  /** The implementation of a macro for Postgres. */
  readonly dispatch: (name: string, namespace: string | null) => Value
  /** Renders a text as a template with the same names. */
  readonly render: (text: string) => string
}

/** The names of the context, each made when it is asked for first. */
export interface ContextNames {
  readonly find: (name: string) => Value | undefined
  readonly list: readonly string[]
}

/** What a name is made from. */
interface Parts {
  readonly scope: ContextScope
  readonly engine: ContextEngine
}

/** How each name is made; nothing is made for a rendering that does not ask for it. */
const makers: Readonly<Record<string, (parts: Parts) => Value>> = {
  ref: ({ scope }) =>
    hostObject({
      type: 'function',
      call: (args, kwargs) => scope.ref(readRef(args, kwargs)),
      attribute: (name) => (name === 'config' ? scope.runtimeConfig() : undefined),
    }),
  source: ({ scope }) => hostFunction('source', (args) => scope.source(readSource(args))),
  config: ({ scope }) => configValue(scope.config),
  var: ({ scope, engine }) => varValue(scope.vars, scope.requireVars, engine.render),
  env_var: ({ scope }) => hostFunction('env_var', (args, kwargs) => environmentVariable(scope, args, kwargs)),
  target: ({ scope }) => targetValue(scope.target),
  env: ({ scope }) => targetValue(scope.target),
  this: ({ scope }) => (scope.thisRelation === null ? null : relationValue(scope.thisRelation)),
  database: ({ scope }) => scope.target.database,
  schema: ({ scope }) => scope.schema,
  execute: ({ scope }) => scope.execute,
  is_incremental: ({ scope }) => hostFunction('is_incremental', () => scope.execute && scope.isIncremental),
  model: ({ scope }) => scope.model(),
  graph: ({ scope }) => scope.graph(),
  flags: ({ scope }) => flagsValue(scope.flags()),
  adapter: ({ scope, engine }) =>
    adapterValue({
      execute: scope.execute,
      database: scope.database,
      databaseName: scope.target.database,
      standing: scope.standing,
      folded: scope.folded,
      macro: engine.find,
      dispatch: engine.dispatch,
      print: scope.print,
    }),
  api: ({ scope }) =>
    Dict.of([['Relation', relationClass(scope.standing)] as const, ['Column', columnClass()] as const]),
  column: columnClass,
  exceptions: ({ scope }) => exceptionsValue((message) => scope.log(message, true)),
  run_started_at: ({ scope }) => fromJs(scope.runStartedAt),
  invocation_id: ({ scope }) => scope.invocationId,
  invocation_args_dict: ({ scope }) => fromJs(invocationArguments(scope)),
  dbt_version: () => dbtVersion,
  dbt_metadata_envs: ({ scope }) => fromJs(metadataVariables(scope.env)),
  project_name: ({ scope }) => scope.projectName,
  thread_id: () => 'Thread-1',
  selected_resources: ({ scope }) => [...scope.selected],
  pre_hooks: () => [],
  post_hooks: () => [],
  sql: () => null,
  compiled_code: () => null,
  defer_relation: () => null,
  sql_now: () => 'now()',
  log: ({ scope }) => hostFunction('log', (args, kwargs) => log(scope, args, kwargs)),
  print: ({ scope }) =>
    hostFunction('print', ([message = '']) => {
      scope.print(str(message))
      return ''
    }),
  write: () => hostFunction('write', () => ''),
  render: ({ engine }) => hostFunction('render', ([text = '']) => engine.render(str(text))),
  try_or_compiler_error: () => hostFunction('try_or_compiler_error', tryOrCompilerError),
  submit_python_job: () => hostFunction('submit_python_job', refuse('models in Python are not run here')),
  load_agate_table: () =>
    hostFunction('load_agate_table', refuse('load_agate_table() is for macros that load a seed')),
  adapter_macro: () => hostFunction('adapter_macro', refuse('adapter_macro is gone; use adapter.dispatch')),
  metric: () => hostFunction('metric', refuse('metric() needs a semantic layer')),
  function: ({ scope }) => hostFunction('function', (args) => scope.function(readFunction(args))),
}

/** Builds the names of one rendering. */
export function makeContext(scope: ContextScope, engine: ContextEngine): ContextNames {
  const parts = { scope, engine }
  const results = once(() => resultFunctions(scope.print))
  const make = (name: string): Value | undefined => {
    if (Object.hasOwn(scope.more, name)) return scope.more[name]!()
    if (Object.hasOwn(makers, name)) return makers[name]!(parts)
    if (resultNames.includes(name)) return results()[name]
    return functionNames.includes(name) ? plainFunction(name) : undefined
  }
  const made = new Map<string, Value | undefined>()
  return {
    list: contextNames,
    find(name) {
      const known = made.get(name)
      if (known !== undefined || made.has(name)) return known
      const value = make(name)
      made.set(name, value)
      if (value !== undefined) scope.seen?.(name)
      return value
    },
  }
}

const resultNames = ['load_result', 'store_result', 'store_raw_result']
const contextNames = [...Object.keys(makers), ...resultNames, ...functionNames]

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function refuse(message: string): () => never {
  return () => {
    throw new ContextError('not-supported', message)
  }
}

function readRef(args: readonly Value[], kwargs: Kwargs): RefCall {
  const [first, second] = args.map((arg) => str(arg))
  if (first === undefined || args.length > 2)
    raise('TypeError', 'ref() takes the name of a model, with its package in front if need be')
  const version = kwargs['version'] ?? kwargs['v']
  return {
    ...(second !== undefined && { package: first }),
    name: second ?? first,
    ...(version !== undefined && version !== null && { version: str(version) }),
  }
}

function readFunction(args: readonly Value[]): FunctionCall {
  const [first, second] = args.map((arg) => str(arg))
  if (first === undefined || args.length > 2)
    raise('TypeError', 'function() takes the name of a function, with its package in front if need be')
  return second === undefined ? { name: first } : { package: first, name: second }
}

function readSource(args: readonly Value[]): SourceCall {
  if (args.length !== 2) raise('TypeError', 'source() takes the name of a source and of one of its tables')
  return { source: str(args[0]!), table: str(args[1]!) }
}

/** Variables with this prefix hold secrets and may not get into SQL. */
const secretPrefix = 'DBT_ENV_SECRET'

function environmentVariable(scope: ContextScope, args: readonly Value[], kwargs: Kwargs): Value {
  const name = str(args[0] ?? kwargs['var'] ?? '')
  if (name.startsWith(secretPrefix) && !scope.secrets)
    throw new ContextError(
      'env-var-missing',
      `${name} holds a secret and cannot be used in SQL`,
      'variables whose names begin with DBT_ENV_SECRET are for connections and packages only',
    )
  const value = scope.env[name]
  if (value !== undefined) return value
  const fallback = args[1] ?? kwargs['default']
  if (fallback !== undefined && fallback !== null) return fallback
  throw new ContextError(
    'env-var-missing',
    `environment variable ${name} is not set`,
    'set it, or give env_var() a default as second argument',
  )
}

function metadataVariables(env: ContextScope['env']): Record<string, string | undefined> {
  const names = Object.keys(env).filter((name) => name.startsWith(metadataPrefix))
  return Object.fromEntries(names.map((name) => [name.slice(metadataPrefix.length), env[name]]))
}

function targetValue(target: Target): Value {
  return fromJs({
    profile_name: target.profileName ?? target.name,
    name: target.name,
    target_name: target.name,
    type: target.type,
    schema: target.schema,
    database: target.database,
    dbname: target.database,
    host: target.host,
    port: target.port,
    user: target.user,
    threads: target.threads,
  })
}

function invocationArguments({ flags, commandLineVars }: ContextScope): Record<string, unknown> {
  const lower = Object.entries(flags()).map(([name, value]) => [name.toLowerCase(), value] as const)
  return { which: 'run', ...Object.fromEntries(lower), vars: commandLineVars }
}

function log({ log: say }: ContextScope, args: readonly Value[], kwargs: Kwargs): Value {
  say(str(args[0] ?? kwargs['msg'] ?? ''), truth(args[1] ?? kwargs['info'] ?? false))
  return ''
}

/** Calls a function, telling the template's own message when it fails. */
function tryOrCompilerError([message = '', callee = null, ...args]: readonly Value[], kwargs: Kwargs): Value {
  try {
    return callValue(callee, args, kwargs)
  } catch (error) {
    if (error instanceof Error) return raise('TemplateRuntimeError', str(message))
    throw error
  }
}

/** A dictionary of names that are looked up when they are read: `context`, `builtins`, a package's macros. */
export function namesValue(
  type: string,
  find: (name: string) => Value | undefined,
  list: () => readonly string[],
  methods: Readonly<Record<string, HostObject>> = {},
): HostObject {
  const get = hostFunction('get', ([name, fallback = null]) => find(str(name ?? null)) ?? fallback)
  const keys = hostFunction('keys', () => [...list()])
  return hostObject({
    type,
    like: 'mapping',
    attribute: (name) => find(name) ?? { get, keys, ...methods }[name],
    item: (key) => find(str(key)),
    iterate: () => list(),
    contains: (key) => find(str(key)) !== undefined,
    truth: () => true,
    repr: () => `<${type}>`,
  })
}
