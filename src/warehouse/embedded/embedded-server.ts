import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Connection } from '../connection.ts'
import { embeddedConnection, findRunning, type RunningServer } from './attach.ts'
import { ensurePassword, hasCluster, makeCluster, readPassword, resetPassword } from './cluster.ts'
import type { EmbeddedEffects } from './effects.ts'
import { embeddedDatabase } from './embedded-names.ts'
import { giveToOwnerOf, type Home, homeFiles, prepareHome } from './home.ts'
import { findPostmaster, stopPostmaster } from './postmaster.ts'
import { withStartLock } from './start-lock.ts'
import { startServer } from './start-server.ts'
import { startWatcher } from './start-watcher.ts'

export type { EmbeddedEffects } from './effects.ts'

/*
 * The life of the embedded server. Its states are those of its data folder:
 *
 *   nothing   → initdb →  stopped
 *   stopped   → start  →  running     also after a crash: a postmaster.pid whose process is gone
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

/** What `.estimand/server.json` says: a record for people, and where the last port is kept. */
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
  const running = await attach(home, effects)
  if (running) return running
  const onWait = (pid: number) => effects.report(`waiting for process ${pid}, which is starting PostgreSQL`)
  const options = { onWait, ...(effects.signal && { signal: effects.signal }) }
  return withStartLock(homeFiles.lock(home), options, () => startUnlessRunning(root, home, effects))
}

async function attach(home: Home, effects: EmbeddedEffects): Promise<EmbeddedServer | undefined> {
  const password = await readPassword(home)
  const running = password === undefined ? undefined : await findRunning(home, password, effects.signal)
  return running && serverOf(home, running, password!, effects, false)
}

async function startUnlessRunning(
  root: string,
  home: Home,
  effects: EmbeddedEffects,
): Promise<EmbeddedServer> {
  const attached = await attach(home, effects)
  if (attached) return attached

  const known = await readPassword(home)
  const password = await ensurePassword(home, root)
  if (!(await hasCluster(home))) await makeCluster(home, password, effects)
  else if (known === undefined) await replacePassword(home, password)

  effects.report('starting PostgreSQL')
  await startServer(home, (await readState(home))?.port)
  const running = await findRunning(home, password, effects.signal)
  if (!running) throw new Error('the server stopped right after its start')
  await writeState(root, home, running)
  return serverOf(home, running, password, effects, true)
}

function serverOf(
  home: Home,
  { postmaster, watched }: RunningServer,
  password: string,
  effects: EmbeddedEffects,
  started: boolean,
): EmbeddedServer {
  if (!watched) startWatcher(home, effects)
  const { pid, port } = postmaster
  const connection = embeddedConnection(port, embeddedDatabase, password)
  return { connection, dataDir: home.dataDir, port, pid, started }
}

/** The password file was deleted: the server, if it runs, can't be used by anybody; it gets a new one. */
async function replacePassword(home: Home, password: string): Promise<void> {
  const postmaster = await findPostmaster(home.dataDir)
  if (postmaster) await stopPostmaster(postmaster.pid, 'fast', 60_000)
  await resetPassword(home, password)
}

async function readState(home: Pick<Home, 'dir'>): Promise<ServerState | undefined> {
  const text = await readFile(homeFiles.state(home), 'utf8').catch(() => undefined)
  try {
    return text === undefined ? undefined : (JSON.parse(text) as ServerState)
  } catch {
    return undefined
  }
}

async function writeState(root: string, home: Home, { postmaster, version }: RunningServer): Promise<void> {
  const state: ServerState = {
    pid: postmaster.pid,
    port: postmaster.port,
    startedAt: new Date(postmaster.startedAt * 1000).toISOString(),
    version,
    dataDir: home.dataDir,
  }
  const path = homeFiles.state(home)
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await giveToOwnerOf(root, draft)
  await rename(draft, path)
}
