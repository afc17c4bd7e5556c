import type { Target } from '../../core/manifest.ts'
import type { Relation } from '../../core/node.ts'
import {
  fromJs,
  type HostObject,
  hostFunction,
  hostObject,
  type Kwargs,
  raise,
  type Value,
} from '../dialect/index.ts'
import { ContextError } from '../template-problem.ts'
import { type ConfigScope, configValue } from './config-value.ts'
import { relationValue } from './relation-value.ts'

/*
 * The names that every template finds: dbt's, with dbt's meanings.
 */

/** What `ref()` was asked for. */
export interface RefCall {
  readonly package?: string
  readonly name: string
  readonly version?: string
}

/** What `source()` was asked for. */
export interface SourceCall {
  readonly source: string
  readonly table: string
}

/** Everything outside the template that rendering one node can reach. */
export interface ContextScope {
  readonly target: Target
  readonly vars: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether the template is rendered to be run; while a project is parsed nothing may ask the database. */
  readonly execute: boolean
  readonly ref: (call: RefCall) => Value
  readonly source: (call: SourceCall) => Value
  readonly config: ConfigScope
  readonly thisRelation: Relation | null
  readonly isIncremental: boolean
  readonly fullRefresh: boolean
  /** The node itself, as plain data. */
  readonly model: Readonly<Record<string, unknown>>
  readonly runStartedAt: Date
  readonly invocationId: string
  readonly log: (message: string, toTerminal: boolean) => void
}

/** Builds the names of one rendering. Cheap: attributes are made when they are asked for. */
export function makeContext(scope: ContextScope): Record<string, Value> {
  const names: Record<string, Value> = {
    ref: hostFunction('ref', (args, kwargs) => scope.ref(readRef(args, kwargs))),
    source: hostFunction('source', (args) => {
      if (args.length !== 2)
        raise('TypeError', 'source() takes the name of a source and of one of its tables')
      return scope.source({ source: String(args[0]), table: String(args[1]) })
    }),
    config: configValue(scope.config),
    var: varValue(scope.vars),
    env_var: hostFunction('env_var', ([name, fallback]) =>
      environmentVariable(scope.env, String(name), fallback),
    ),
    target: targetValue(scope.target),
    execute: scope.execute,
    is_incremental: hostFunction('is_incremental', () => scope.isIncremental),
    should_full_refresh: hostFunction('should_full_refresh', () => scope.fullRefresh),
    model: fromJs(scope.model),
    flags: fromJs({ FULL_REFRESH: scope.fullRefresh, WHICH: 'run' }),
    run_started_at: fromJs(scope.runStartedAt),
    invocation_id: scope.invocationId,
    project_name: String(scope.model.package_name ?? ''),
    log: hostFunction('log', ([message, info = false], kwargs) => {
      scope.log(String(message), (kwargs.info ?? info) === true)
      return ''
    }),
    exceptions: exceptionsValue(scope),
  }
  if (scope.thisRelation)
    names.this = relationValue({ database: scope.target.database, ...scope.thisRelation })
  return names
}

function readRef(args: readonly Value[], kwargs: Kwargs): RefCall {
  const [first, second] = args.map(String)
  if (first === undefined || args.length > 2)
    raise('TypeError', 'ref() takes the name of a model, with its package in front if need be')
  const version = kwargs.version ?? kwargs.v
  return {
    ...(second !== undefined && { package: first }),
    name: second ?? first,
    ...(version !== undefined && { version: String(version) }),
  }
}

function varValue(vars: Readonly<Record<string, unknown>>): HostObject {
  const has = (name: Value | undefined): boolean => Object.hasOwn(vars, String(name))
  return hostObject({
    type: 'var',
    call: ([name, fallback], kwargs) => {
      if (has(name)) return fromJs(vars[String(name)])
      const otherwise = fallback ?? kwargs.default
      if (otherwise !== undefined) return otherwise
      throw new ContextError(
        'var-unknown',
        `var '${String(name)}' has no value`,
        'set it under vars: in project.yml or with --vars, or give var() a default',
      )
    },
    attribute: (attribute) =>
      attribute === 'has_var' ? hostFunction('var.has_var', ([name]) => has(name)) : undefined,
  })
}

function environmentVariable(env: ContextScope['env'], name: string, fallback: Value | undefined): Value {
  const value = env[name]
  if (value !== undefined) return value
  if (fallback !== undefined) return fallback
  throw new ContextError(
    'env-var-missing',
    `environment variable ${name} is not set`,
    'set it, or give env_var() a default as second argument',
  )
}

function targetValue(target: Target): Value {
  return fromJs({
    name: target.name,
    target_name: target.name,
    profile_name: target.name,
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

function exceptionsValue(scope: ContextScope): HostObject {
  const methods: Record<string, HostObject> = {
    raise_compiler_error: hostFunction('raise_compiler_error', ([message]) =>
      raise('TemplateRuntimeError', String(message)),
    ),
    warn: hostFunction('warn', ([message]) => {
      scope.log(String(message), true)
      return ''
    }),
  }
  return hostObject({ type: 'exceptions', attribute: (name) => methods[name] })
}
