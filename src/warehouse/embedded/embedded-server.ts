import { readFile, rename, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError } from '../../core/problem.ts'
import type { Connection } from '../connection.ts'
import { openSession } from '../open-session.ts'
import type { OwnedSession } from '../session.ts'
import { sql } from '../sql.ts'
import {
  embeddedDatabase,
  embeddedUser,
  ensurePassword,
  hasCluster,
  makeCluster,
  readPassword,
  resetPassword,
} from './cluster.ts'
import type { EmbeddedEffects } from './effects.ts'
import { embeddedError } from './embedded-problem.ts'
import { giveToOwnerOf, type Home, homeFiles, prepareHome } from './home.ts'
import { findPostmaster, type PostmasterPid, stopPostmaster } from './postmaster.ts'
import { withStartLock } from './start-lock.ts'
import { startServer } from './start-server.ts'

export type { EmbeddedEffects } from './effects.ts'

/*
 * The life of the embedded server. Its states are those of its data folder:
 *
 *   nothing   → initdb →  stopped
 *   stopped   → start  →  running     also from a crash: a postmaster.pid whose process is gone
 *   running   → attach →  running     by any number of commands
 *   running   → stop, or idle for long enough → stopped
 *   any       → reset  →  nothing
 *
 * Attaching needs no lock; every other arrow is taken under the start lock.
 */

export interface EmbeddedServer {
  readonly connection: Connection
  readonly dataDir: string
  readonly port: number
  readonly pid: number
  /** Whether this call started it; false when it ran already. */
  readonly started: boolean
}

/** What `.estimand/server.json` says; a record for people, and where the last port is kept. */
interface ServerState {
  readonly pid: number
  readonly port: number
  readonly startedAt: string
  readonly version: string
  readonly dataDir: string
}

/** Attaches to the project's server, starting it (and making its database) if need be. */
export async function ensureEmbeddedServer(root: string, effects: EmbeddedEffects): Promise<EmbeddedServer> {
  const home = await prepareHome(root, effects)
  const running = await attach(home, await readPassword(home))
  if (running) return running
  const onWait = (pid: number) => effects.report(`waiting for process ${pid}, which is starting PostgreSQL`)
  const options = { onWait, ...(effects.signal && { signal: effects.signal }) }
  return withStartLock(homeFiles.lock(home), options, () => startUnlessRunning(root, home, effects))
}

async function startUnlessRunning(
  root: string,
  home: Home,
  effects: EmbeddedEffects,
): Promise<EmbeddedServer> {
  const known = await readPassword(home)
  const running = await attach(home, known)
  if (running) return running

  const password = await ensurePassword(home, root)
  if (!(await hasCluster(home))) await makeCluster(home, password, effects)
  else if (known === undefined) await replacePassword(home, password)

  effects.report('starting PostgreSQL')
  const postmaster = await startServer(home, (await readState(home))?.port)
  const server = await logIn(home, postmaster, password)
  await writeState(root, home, postmaster, server.version)
  return { ...server.server, started: true }
}

/** The password file was deleted: the server, if it runs, can't be used by anybody; it gets a new one. */
async function replacePassword(home: Home, password: string): Promise<void> {
  const postmaster = await findPostmaster(home.dataDir)
  if (postmaster) await stopPostmaster(postmaster.pid, 'fast', 60_000)
  await resetPassword(home, password)
}

/** The running server, once it has finished starting; undefined when there is none. */
async function attach(home: Home, password: string | undefined): Promise<EmbeddedServer | undefined> {
  for (let postmaster = await findPostmaster(home.dataDir); postmaster; ) {
    if (password === undefined) return undefined
    if (postmaster.status === 'ready') {
      const found = await logIn(home, postmaster, password).catch((error) => {
        if (isStopping(error)) return undefined
        throw error
      })
      if (found) return found.server
    }
    await sleep(50)
    postmaster = await findPostmaster(home.dataDir)
  }
  return undefined
}

/** The server was ending while we came in. */
function isStopping(error: unknown): boolean {
  return error instanceof ProblemError && error.problems.some(({ code }) => code === 'warehouse-unreachable')
}

async function logIn(home: Home, postmaster: PostmasterPid, password: string) {
  const admin = connectionTo(postmaster.port, 'postgres', password)
  const { session } = await openSession(admin, { applicationName: 'estimand start' })
  try {
    await ensureDatabase(session)
    const { rows } = await session.query<{ version: string }>(
      sql`select current_setting('server_version') as version`,
    )
    const server: EmbeddedServer = {
      connection: connectionTo(postmaster.port, embeddedDatabase, password),
      dataDir: home.dataDir,
      port: postmaster.port,
      pid: postmaster.pid,
      started: false,
    }
    return { server, version: rows[0]!.version }
  } finally {
    await session.close()
  }
}

async function ensureDatabase(session: OwnedSession): Promise<void> {
  const { rowCount } = await session.query(
    sql`select from pg_catalog.pg_database where datname = ${embeddedDatabase}`,
  )
  if (rowCount === 0) await session.query(sql`create database ${sql.ident(embeddedDatabase)}`)
}

function connectionTo(port: number, database: string, password: string): Connection {
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

async function readState(home: Pick<Home, 'dir'>): Promise<ServerState | undefined> {
  const text = await readFile(homeFiles.state(home), 'utf8').catch(() => undefined)
  try {
    return text === undefined ? undefined : (JSON.parse(text) as ServerState)
  } catch {
    return undefined
  }
}

async function writeState(
  root: string,
  home: Home,
  postmaster: PostmasterPid,
  version: string,
): Promise<void> {
  const state: ServerState = {
    pid: postmaster.pid,
    port: postmaster.port,
    startedAt: new Date(postmaster.startedAt * 1000).toISOString(),
    version,
    dataDir: home.dataDir,
  }
  const path = homeFiles.state(home)
  await writeFile(`${path}.${process.pid}`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await giveToOwnerOf(root, `${path}.${process.pid}`)
  await rename(`${path}.${process.pid}`, path)
}

/** Stops the project's server; false when none was running, or when it is in use and that forbids it. */
export async function stopEmbeddedServer(
  root: string,
  effects: EmbeddedEffects,
  options: { readonly unlessInUse?: boolean } = {},
): Promise<boolean> {
  const home = await prepareHome(root, effects)
  return withStartLock(homeFiles.lock(home), { onWait: () => {} }, async () => {
    const postmaster = await findPostmaster(home.dataDir)
    if (!postmaster) return false
    if (options.unlessInUse && (await connectionsOf(home, postmaster)).length > 0) return false
    if (await stopPostmaster(postmaster.pid, 'fast', 60_000)) return true
    throw embeddedError(`process ${postmaster.pid} does not stop`, `see ${homeFiles.log(home)}`)
  })
}

/** Who is connected, as application names. */
async function connectionsOf(home: Home, postmaster: PostmasterPid): Promise<string[]> {
  const password = await readPassword(home)
  const admin = connectionTo(postmaster.port, 'postgres', password ?? '')
  const { session } = await openSession(admin, { applicationName: 'estimand status' })
  try {
    const { rows } = await session.query<{ name: string }>(sql`
      select application_name as name
      from pg_catalog.pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()
    `)
    return rows.map(({ name }) => name)
  } finally {
    await session.close()
  }
}
