import { userInfo } from 'node:os'
import type { Target } from '../core/manifest.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { PostgresTargetSpec, TargetSpec } from '../core/project.ts'
import { type Connection, type SslMode, sslModes } from './connection.ts'
import { embeddedDatabase, embeddedUser } from './embedded/embedded-names.ts'
import type { EmbeddedEffects } from './embedded/embedded-server.ts'
import { readPassfile } from './passfile.ts'
import { checkSystemRoots, defaultTlsFile, systemRoots } from './tls.ts'

/*
 * From what project.yml, DATABASE_URL and the environment say to a connection. What a target leaves out comes
 * from the variables that psql reads (PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGSSLMODE …).
 */

export type Env = Readonly<Record<string, string | undefined>>

/** A target by its name in project.yml, its templates rendered. */
export interface NamedTarget {
  readonly name: string
  readonly spec: TargetSpec
}

/**
 * The target that a command works on: DATABASE_URL takes the place of the embedded server, keeping schema and
 * threads; a target that names a server of its own stands.
 */
export function withDatabaseUrl(target: NamedTarget, env: Env): NamedTarget {
  const url = env['DATABASE_URL']
  if (!url || target.spec.engine !== 'embedded') return target
  const { schema, threads } = target.spec
  return { ...target, spec: { engine: 'postgres', schema, threads, url } }
}

/** What templates see of a target; needs no server, so the port of the embedded one is 0 until it runs. */
export function describeTarget({ name, spec }: NamedTarget, env: Env): Target {
  if (spec.engine === 'postgres') return postgresConnection({ name, spec }, env).target
  return {
    name,
    type: 'postgres',
    engine: 'embedded',
    schema: spec.schema,
    database: embeddedDatabase,
    host: '127.0.0.1',
    port: 0,
    user: embeddedUser,
    threads: spec.threads,
  }
}

/** Resolves a target; the embedded server is started when that is what it says. */
export async function resolveConnection(
  target: NamedTarget,
  root: string,
  effects: EmbeddedEffects,
): Promise<Connection> {
  const { name, spec } = target
  if (spec.engine === 'postgres') return postgresConnection({ name, spec }, effects.env)
  // Loaded when it is needed: commands without a warehouse describe their target too.
  const { ensureEmbeddedServer } = await import('./embedded/embedded-server.ts')
  const { connection } = await ensureEmbeddedServer(root, effects)
  return { ...connection, target: { ...connection.target, name, schema: spec.schema, threads: spec.threads } }
}

/** A connection to a server from a target's values, its URL, and the environment, in this order. */
export function postgresConnection(
  { name, spec }: { readonly name: string; readonly spec: PostgresTargetSpec },
  env: Env,
): Connection {
  const url = spec.url ? parseDatabaseUrl(spec.url) : {}
  const user = spec.user || url.user || env['PGUSER'] || systemUser()
  const target: Target = {
    name,
    type: 'postgres',
    engine: 'postgres',
    schema: spec.schema,
    database: spec.database || url.database || env['PGDATABASE'] || user,
    host: spec.host || url.host || env['PGHOST'] || 'localhost',
    port: portOf(spec.port ?? url.port ?? env['PGPORT'] ?? 5432),
    user,
    threads: spec.threads,
  }
  const { host, port, database } = target
  const password =
    spec.password ?? url.password ?? env['PGPASSWORD'] ?? readPassfile(env, { host, port, database, user })
  const files = tlsFiles(spec, url, env)
  return {
    target,
    sslMode: sslModeOf(spec.sslmode || url.options?.['sslmode'] || env['PGSSLMODE'], host, files.sslRootCert),
    ...(password !== undefined && { password: () => password }),
    ...files,
    ...(spec.role && { role: roleName(spec.role) }),
    ...(spec.searchPath && { searchPath: spec.searchPath }),
    ...(spec.applicationName && { applicationName: spec.applicationName }),
    ...numbersOf(spec),
  }
}

/** A role as SET ROLE reads it. */
function roleName(written: string): string {
  const [, quoted] = /^"(.*)"$/s.exec(written.trim()) ?? []
  return quoted === undefined ? written.trim().toLowerCase() : quoted.replaceAll('""', '"')
}

/** Zero means that nobody asks for anything. */
function numbersOf(spec: PostgresTargetSpec) {
  const connectSeconds = numberFrom('connect_timeout', spec.connectTimeoutSeconds)
  const idleSeconds = numberFrom('keepalives_idle', spec.keepalivesIdleSeconds)
  const retries = numberFrom('retries', spec.retries)
  return {
    ...(connectSeconds > 0 && { connectTimeoutMs: connectSeconds * 1000 }),
    ...(idleSeconds > 0 && { keepAliveIdleMs: idleSeconds * 1000 }),
    ...(retries > 0 && { retries }),
  }
}

function numberFrom(key: string, value: number | string = 0): number {
  const number = value === '' ? Number.NaN : Number(value)
  if (Number.isFinite(number) && number >= 0) return number
  const hint = 'write a number, or a template that gives one: "{{ env_var(\'NAME\') | as_number }}"'
  throw new ProblemError(makeProblem('config-invalid', `${key} "${value}" is not a number from 0`, { hint }))
}

function tlsFiles(spec: PostgresTargetSpec, url: UrlParts, env: Env) {
  const named = (key: 'sslrootcert' | 'sslcert' | 'sslkey') =>
    spec[key] || url.options?.[key] || env[`PG${key.toUpperCase()}`]
  return pickFiles({
    sslRootCert: named('sslrootcert') || defaultTlsFile('root.crt', env),
    sslCert: named('sslcert') || defaultTlsFile('postgresql.crt', env),
    sslKey: named('sslkey') || defaultTlsFile('postgresql.key', env),
  })
}

/** A password in the environment or the target may be empty on purpose, but an empty path is no file. */
function pickFiles<T extends Record<string, string | undefined>>(files: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(files).filter(([, path]) => path)) as { [K in keyof T]?: string }
}

interface UrlParts {
  readonly host?: string
  readonly port?: string
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly options?: Readonly<Record<string, string>>
}

const noHost = 'host.invalid'

/** Takes `postgresql://user:password@host:port/database?sslmode=…` apart. */
export function parseDatabaseUrl(text: string): UrlParts {
  let url: URL
  try {
    // A URL without a host is fine for libpq (the host may be a parameter), but not for URL.
    url = new URL(text.replace(/@(?=[/?#]|$)/, `@${noHost}`))
  } catch (cause) {
    throw invalid(`not a database URL: ${redactUrl(text)}`, cause)
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw invalid(`not a database URL: ${redactUrl(text)}`)
  }
  const options = Object.fromEntries(url.searchParams)
  const part = (value: string | undefined) => (value ? decodeURIComponent(value) : undefined)
  const hostname = url.hostname === noHost ? '' : url.hostname.replace(/^\[(.*)\]$/, '$1')
  const host = options['host'] ?? part(hostname)
  const parts = {
    host,
    port: options['port'] ?? (url.port || undefined),
    user: options['user'] ?? part(url.username),
    password: options['password'] ?? part(url.password),
    database: options['dbname'] ?? part(url.pathname.slice(1)),
  }
  return { ...parts, options } as UrlParts
}

/** The URL with its password replaced, for messages. */
export function redactUrl(text: string): string {
  return text
    .replace(/^([a-z]+:\/\/[^/?#]*?:)[^/?#]*(@)/i, '$1***$2')
    .replace(/([?&]password=)[^&]*/gi, '$1***')
}

/** The address of a connection for psql and BI tools; with its password only when asked for. */
export function connectionUrl(
  { target, password }: Connection,
  options: { readonly withPassword: boolean },
): string {
  const { host, port, user, database } = target
  const secret = password && options.withPassword ? `:${encodeURIComponent(password())}` : ''
  // The folder of a socket is a host too, with its slashes encoded.
  const name = host.includes(':') ? `[${host}]` : encodeURIComponent(host)
  return `postgresql://${encodeURIComponent(user)}${secret}@${name}:${port}/${encodeURIComponent(database)}`
}

/**
 * Without a wish: encrypted where the server can. On this machine it is libpq's default turned round, in the clear
 * where the server takes that: it reaches the same servers, and bulk data are not encrypted for nobody.
 */
function sslModeOf(text: string | undefined, host: string, rootCert: string | undefined): SslMode {
  if (!text && rootCert === systemRoots) return 'verify-full'
  if (!text) return isLocal(host) ? 'allow' : 'prefer'
  const mode = sslModes.find((known) => known === text)
  if (!mode) throw invalid(`sslmode "${text}" is not one of ${sslModes.join(', ')}`)
  checkSystemRoots(mode, rootCert)
  return mode
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '127.0.0.1' || host === '::1'
}

function portOf(value: number | string): number {
  const port = Number(value)
  if (Number.isInteger(port) && port > 0 && port < 65536) return port
  throw invalid(`port "${value}" is not a number from 1 to 65535`)
}

function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'postgres'
  }
}

function invalid(message: string, cause?: unknown): ProblemError {
  const hint = 'a database URL reads postgresql://user:password@host:5432/database?sslmode=require'
  // The cause of a URL that cannot be parsed repeats it with its password.
  return new ProblemError(
    makeProblem('config-invalid', message, { hint }),
    cause instanceof TypeError ? {} : { cause },
  )
}
