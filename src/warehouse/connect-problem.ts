import type { Target } from '../core/manifest.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import { failureOf } from './server-error.ts'
import { TlsFailure } from './tls.ts'

/** Why no connection came about, in plain words: which server, what is wrong, what to check. */
export function connectProblem(error: unknown, target: Target): Problem {
  const { code, message } = reasonOf(error)
  const server = serverName(target)
  const failure = failureOf(error)
  if (failure.sqlstate === '3D000') {
    return unreachable(`${server} has no database "${target.database}"`, [
      `create it (createdb ${target.database}) or name another one in the target`,
    ])
  }
  if (failure.sqlstate === '28P01' || failure.sqlstate === '28000' || isPasswordMissing(message)) {
    return makeProblem('warehouse-auth', `${server} refuses user "${target.user}": ${message}`, {
      hint: authHint(target),
    })
  }
  if (failure.sqlstate === '53300') {
    return unreachable(`${server} has no connection left: ${message}`, [
      'lower `threads` of the target or raise max_connections of the server',
    ])
  }
  if (failure.sqlstate === '57P03') {
    return unreachable(`${server} is starting or stopping: ${message}`, ['try again in a moment'])
  }
  if (error instanceof TlsFailure) {
    return unreachable(`no encrypted connection to ${server}: ${message}`, tlsHints(code, target))
  }
  return unreachable(`${server} cannot be reached: ${words[code] ?? message}`, hintsFor(code, target))
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ENOENT: 'there is no such socket',
}

function hintsFor(code: string, target: Target): string[] {
  if (target.engine === 'embedded') return ['see `estimand db status`, then `estimand db start`']
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`check the host name "${target.host}" in the target or in DATABASE_URL`]
    case 'ECONNREFUSED':
    case 'ENOENT':
      return [
        `is the server running, and is ${target.port} its port? (pg_isready -h ${target.host} -p ${target.port})`,
        'without DATABASE_URL and with `engine: embedded` no server is needed',
      ]
    default:
      return ['check host and port of the target, and firewalls on the way']
  }
}

function tlsHints(code: string, { host }: Target): string[] {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [
      `connect to a name that the certificate is made out to instead of "${host}",`,
      'or check the authority alone with sslmode=verify-ca',
    ]
  }
  return ["does sslrootcert hold the authority of the server's certificate, and is that still valid?"]
}

/** `localhost:5432`, as in messages; never with a password. */
export function serverName(target: Target): string {
  if (target.engine === 'embedded') return `the embedded PostgreSQL at ${target.host}:${target.port}`
  return target.host.startsWith('/')
    ? `the server at ${target.host} (port ${target.port})`
    : `the server at ${target.host}:${target.port}`
}

/** Node reports several addresses that all refused as one error with an empty message. */
function reasonOf(error: unknown): { code: string; message: string } {
  const first = error instanceof AggregateError ? (error.errors[0] ?? error) : error
  const { code, message } = first as { code?: string; message?: string }
  if (message?.includes('timeout expired')) return { code: 'ETIMEDOUT', message }
  return { code: code ?? '', message: message || code || String(first) }
}

/** What pg throws when the server asks for a password and there is none. */
function isPasswordMissing(message: string): boolean {
  return message.includes('password must be a string')
}

function authHint(target: Target): string {
  return target.engine === 'embedded'
    ? 'the password below .estimand/ does not fit the data; `estimand db reset` makes a new database'
    : 'check user and password: in DATABASE_URL, the target, PGPASSWORD or ~/.pgpass'
}

function unreachable(message: string, hints: readonly string[]): Problem {
  return makeProblem('warehouse-unreachable', message, { hint: hints.join('\n') })
}
