import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError } from '../../core/problem.ts'
import { throwIfCancelled } from '../cancelled.ts'
import type { Connection } from '../connection.ts'
import { openSession } from '../open-session.ts'
import type { Session } from '../session.ts'
import { sql } from '../sql.ts'
import { embeddedDatabase, embeddedUser } from './embedded-names.ts'
import type { Home } from './home.ts'
import { findPostmaster, type PostmasterPid } from './postmaster.ts'

/** What a running server says about itself. */
export interface RunningServer {
  readonly postmaster: PostmasterPid
  readonly version: string
  /** Whether somebody will stop it when it is idle. */
  readonly watched: boolean
}

/** The application name of the process that stops an idle server. */
export const watcherName = 'estimand idle watch'

/** The server on the data, once it has finished starting; undefined when there is none. */
export async function findRunning(
  home: Pick<Home, 'dataDir'>,
  password: string,
  signal?: AbortSignal,
): Promise<RunningServer | undefined> {
  for (let postmaster = await findPostmaster(home.dataDir); postmaster; ) {
    throwIfCancelled(signal)
    if (postmaster.status === 'ready') {
      const running = await ask(postmaster, password).catch((error) => {
        if (isStopping(error)) return undefined
        throw error
      })
      if (running) return running
    }
    await sleep(50)
    postmaster = await findPostmaster(home.dataDir)
  }
  return undefined
}

/** The server was ending while we came in. */
function isStopping(error: unknown): boolean {
  return (
    error instanceof ProblemError &&
    error.problems.some(({ code }) => code === 'warehouse-unreachable' || code === 'warehouse-lost')
  )
}

function ask(postmaster: PostmasterPid, password: string): Promise<RunningServer> {
  return withAdmin(postmaster.port, password, async (session) => {
    await ensureDatabase(session)
    const { rows } = await session.query<{ version: string; watched: boolean }>(sql`
      select
        current_setting('server_version') as version,
        exists (select from pg_catalog.pg_stat_activity where application_name = ${watcherName}) as watched`)
    return { postmaster, ...rows[0]! }
  })
}

/** Our database is made at the first start; a killed start may have come to nothing. */
async function ensureDatabase(session: Session): Promise<void> {
  const { rowCount } = await session.query(
    sql`select from pg_catalog.pg_database where datname = ${embeddedDatabase}`,
  )
  if (rowCount === 0) await session.query(sql`create database ${sql.ident(embeddedDatabase)}`)
}

/** Lends a session on the maintenance database. */
export async function withAdmin<T>(
  port: number,
  password: string,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const { session } = await openSession(embeddedConnection(port, 'postgres', password), {
    applicationName: 'estimand db',
  })
  try {
    return await body(session)
  } finally {
    await session.close()
  }
}

/** The connection to a database of the embedded server; the target is filled in by who knows it. */
export function embeddedConnection(port: number, database: string, password: string): Connection {
  return {
    target: {
      name: 'embedded',
      type: 'postgres',
      engine: 'embedded',
      schema: 'public',
      database,
      host: '127.0.0.1',
      port,
      user: embeddedUser,
      threads: 1,
    },
    password: () => password,
    sslMode: 'disable',
  }
}

export interface ServerConnection {
  readonly pid: number
  readonly application: string
  readonly database: string
  readonly state: string
  /** ISO timestamp. */
  readonly since: string
}

/** Everybody who is connected, except ourselves and the watcher. */
export async function connectionsOf(session: Session): Promise<ServerConnection[]> {
  const { rows } = await session.query<ServerConnection>(sql`
    select
      pid,
      coalesce(nullif(application_name, ''), usename) as application,
      datname as database,
      coalesce(state, '') as state,
      to_char(backend_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
    from pg_catalog.pg_stat_activity
    where backend_type = 'client backend'
      and pid <> pg_backend_pid()
      and application_name <> ${watcherName}
    order by backend_start`)
  return rows
}
