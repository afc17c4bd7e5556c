import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { throwIfCancelled } from './cancelled.ts'
import { connectProblem, serverName } from './connect-problem.ts'
import type { Connection } from './connection.ts'
import pg from './pg.ts'
import { dropConnection, PgSession } from './pg-session.ts'
import { failureOf } from './server-error.ts'
import { sql } from './sql.ts'
import {
  encryptionsToTry,
  isAboutEncryption,
  isPlainServer,
  namedTlsFailure,
  readTlsOptions,
  TlsFailure,
} from './tls.ts'
import { wakingTimeout } from './waking-timeout.ts'

/** What each connection is told when it opens. */
export interface SessionOptions {
  /** Shown in pg_stat_activity: `estimand run 2024…`. */
  readonly applicationName: string
  /** How long a statement waits for a lock; 0 waits for ever. */
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
  readonly connectTimeoutMs?: number
  /** How often connecting is tried again when the server is there and has no connection left or is about to start. */
  readonly triesWhenFull?: number
  /** Told, in words, that the server is full and how long it is left alone. */
  readonly onFull?: (words: string) => void
  /** Gives up connecting. */
  readonly signal?: AbortSignal
  /** Warnings of the server. */
  readonly onNotice?: (notice: { readonly severity: string; readonly message: string }) => void
}

export interface OpenedSession {
  readonly session: PgSession
  readonly serverVersion: number
  readonly citus: boolean
}

/** The oldest server we work with: 14 has everything that the generated SQL uses. */
const oldestVersion = 140000
const defaultConnectTimeoutMs = 15_000

/** Opens a connection, sets the session up and refuses servers that are too old. */
export async function openSession(connection: Connection, options: SessionOptions): Promise<OpenedSession> {
  const { target } = connection
  const client = await connectWithRetries(connection, options)
  const { onNotice } = options
  if (onNotice) {
    client.on('notice', (notice) =>
      onNotice({ severity: notice.severity ?? 'NOTICE', message: notice.message ?? '' }),
    )
  }
  const session = new PgSession(client, serverName(target), options.statementTimeoutMs)
  try {
    const { serverVersion, citus } = await setUp(session, connection, options)
    if (serverVersion < oldestVersion) throw new ProblemError(tooOld(serverName(target), serverVersion))
    return { session, serverVersion, citus }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** A server that is not there, or not yet, may be there a little later; who is refused is refused. */
async function connectWithRetries(connection: Connection, options: SessionOptions): Promise<Client> {
  for (let attempt = 0; ; attempt++) {
    let pauseMs: number
    try {
      return await connectClient(connection, options)
    } catch (error) {
      throwIfCancelled(options.signal)
      const isFull = isServerFull(error)
      const tries = Math.max(connection.retries ?? 0, isFull ? (options.triesWhenFull ?? 0) : 0)
      if (attempt >= tries || !isOutOfReach(error)) throw error
      pauseMs = isFull ? pauseWhenFull(attempt) : attempt * attempt * 1000
      if (isFull) options.onFull?.(wordsOfFull(error, pauseMs))
    }
    // At once, then after 1, 4, 9 … seconds; one that is full is left alone for a while first.
    await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => {})
    throwIfCancelled(options.signal)
  }
}

/** Others come at the same time, and are not to come back at the same time: half as long again, or half. */
function pauseWhenFull(attempt: number): number {
  return Math.round(1000 * 2 ** attempt * (0.5 + ((process.pid * 7919) % 1000) / 1000))
}

function wordsOfFull(error: unknown, pauseMs: number): string {
  const [problem] = error instanceof ProblemError ? error.problems : []
  return `${problem?.message ?? String(error)}; trying again in ${(pauseMs / 1000).toFixed(1)} s`
}

/** Nobody is let in at the moment, but the server is there. */
function isServerFull(error: unknown): boolean {
  const sqlstate = isOutOfReach(error) ? failureOf((error as Error).cause).sqlstate : undefined
  return sqlstate === '53300' || sqlstate === '57P03'
}

/** Starting up, or with as many connections as it takes; a database that is missing stays missing. */
const passingStates = /^(08|53300|57P03)/

function isOutOfReach(error: unknown): boolean {
  const { cause } = error as Error
  // Nobody was asked yet, or the certificate is what it is.
  if (cause === undefined || cause instanceof TlsFailure) return false
  const { kind, sqlstate } = failureOf(cause)
  return sqlstate === undefined ? kind === 'lost' : passingStates.test(sqlstate)
}

/** Encrypted or plain, and the other way where the mode allows it; pg itself does not know `prefer` and `allow`. */
async function connectClient(connection: Connection, options: SessionOptions): Promise<Client> {
  const [isFirstSecure, isSecondSecure] = encryptionsToTry(connection)
  let refusal: unknown
  try {
    return await connectOnce(connection, options, isFirstSecure!)
  } catch (error) {
    throwIfCancelled(options.signal)
    if (isSecondSecure === undefined || !isAboutEncryption(error)) throw asProblem(error, connection)
    refusal = error
  }
  try {
    return await connectOnce(connection, options, isSecondSecure)
  } catch (error) {
    // Who is refused by a server that cannot encrypt is told why, not that it cannot.
    throw asProblem(isPlainServer(error) || error instanceof TlsFailure ? refusal : error, connection)
  }
}

function asProblem(error: unknown, { target }: Connection): ProblemError {
  return error instanceof ProblemError
    ? error
    : new ProblemError(connectProblem(error, target), { cause: error })
}

async function connectOnce(connection: Connection, options: SessionOptions, secure: boolean) {
  const { target, password } = connection
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    // pg would look for a password file by itself; what there is to find was found when the connection was resolved.
    password: () => password?.() as string,
    ssl: secure ? readTlsOptions(connection) : false,
    application_name: connection.applicationName ?? options.applicationName,
    // Timed here: pg would take an answer that came while we were stopped for none.
    connectionTimeoutMillis: 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: connection.keepAliveIdleMs ?? 0,
  })
  // Without a listener an error between connecting and set-up would end the process.
  client.on('error', () => {})
  let isSecured = false
  client.connection.once('sslconnect', () => {
    client.connection.stream.once('secureConnect', () => {
      isSecured = true
    })
  })
  const giveUp = () => dropConnection(client)
  options.signal?.addEventListener('abort', giveUp, { once: true })
  const timeoutMs = options.connectTimeoutMs ?? connection.connectTimeoutMs ?? defaultConnectTimeoutMs
  const stopWaiting = wakingTimeout(timeoutMs, () =>
    client.connection.stream.destroy(new Error('timeout expired')),
  )
  try {
    await client.connect()
    return client
  } catch (error) {
    // An attempt that failed on our side (no password to give) leaves the server waiting for more.
    giveUp()
    throw namedTlsFailure(error, client, isSecured)
  } finally {
    stopWaiting()
    options.signal?.removeEventListener('abort', giveUp)
  }
}

/**
 * One statement: the settings, and what the server is. Citus is installed per database. A client that is gone is
 * noticed in minutes, and nothing is worked on for it any longer; where the system cannot tell, the server takes
 * nothing but 0 for that.
 */
async function setUp(session: PgSession, { role, searchPath }: Connection, options: SessionOptions) {
  const { rows } = await session.query<{ version: number; citus: boolean }>(sql`
    select
      set_config('timezone', 'UTC', false),
      set_config('datestyle', 'ISO, YMD', false),
      set_config('intervalstyle', 'postgres', false),
      set_config('client_min_messages', 'warning', false),
      set_config('standard_conforming_strings', 'on', false),
      set_config('lock_timeout', ${String(options.lockTimeoutMs ?? 0)}, false),
      set_config('statement_timeout', ${String(options.statementTimeoutMs ?? 0)}, false),
      set_config('idle_in_transaction_session_timeout', '0', false),
      set_config('tcp_keepalives_idle', '60', false),
      set_config('tcp_keepalives_interval', '10', false),
      set_config('tcp_keepalives_count', '6', false),
      set_config(
        'client_connection_check_interval',
        case when version() like '%-linux%' then '5s' else '0' end,
        false
      ),
      set_config('search_path', coalesce(${searchPath ?? null}, current_setting('search_path')), false),
      set_config('role', coalesce(${role ?? null}, current_setting('role')), false),
      current_setting('server_version_num')::int as version,
      exists (select from pg_catalog.pg_extension where extname = 'citus') as citus
  `)
  return { serverVersion: rows[0]!.version, citus: rows[0]!.citus }
}

function tooOld(server: string, version: number) {
  return makeProblem('warehouse-version', `${server} is PostgreSQL ${Math.floor(version / 10000)}`, {
    hint: 'PostgreSQL 14 or newer is needed; with `engine: embedded` none has to be installed',
  })
}
