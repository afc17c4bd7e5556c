import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sql } from '../sql.ts'
import { connectionsOf, type ServerConnection, withAdmin } from './attach.ts'
import { readPassword } from './cluster.ts'
import type { EmbeddedEffects } from './effects.ts'
import { embeddedError, fileError } from './embedded-problem.ts'
import { findHome, type Home, homeFiles } from './home.ts'
import { findPostmaster, type PostmasterPid, stopPostmaster } from './postmaster.ts'
import { withStartLock } from './start-lock.ts'

/*
 * What can be done to the embedded server besides using it: ask, stop, reset. None of it starts a server or
 * makes anything.
 */

export type EmbeddedStatus =
  | {
      readonly state: 'missing'
    }
  | {
      readonly state: 'stopped'
      readonly dataDir: string
      readonly dataBytes: number
      readonly logFile: string
    }
  | {
      readonly state: 'running'
      readonly dataDir: string
      readonly dataBytes: number
      readonly logFile: string
      readonly pid: number
      readonly port: number
      readonly version: string
      /** ISO timestamp. */
      readonly startedAt: string
      readonly uptimeSeconds: number
      /** Who is connected, this question not counted. */
      readonly connections: readonly ServerConnection[]
    }

type ExistingHome = Pick<Home, 'dir' | 'dataDir'>

const patienceMs = 60_000

/** Says whether the project's server runs, where, and for whom. */
export async function embeddedServerStatus(root: string, effects: EmbeddedEffects): Promise<EmbeddedStatus> {
  const home = await findHome(root)
  if (!home) return { state: 'missing' }
  const known = {
    dataDir: home.dataDir,
    dataBytes: await folderBytes(home.dataDir),
    logFile: homeFiles.log(home),
  }
  const postmaster = await findPostmaster(home.dataDir)
  if (!postmaster) return { state: 'stopped', ...known }
  const startedAt = new Date(postmaster.startedAt * 1000)
  return {
    state: 'running',
    ...known,
    pid: postmaster.pid,
    port: postmaster.port,
    version: await readVersion(home, postmaster),
    startedAt: startedAt.toISOString(),
    uptimeSeconds: Math.max(0, Math.round((effects.clock().getTime() - startedAt.getTime()) / 1000)),
    connections: await othersOn(home, postmaster),
  }
}

async function withHomeAdmin<T>(
  home: ExistingHome,
  { port }: PostmasterPid,
  body: Parameters<typeof withAdmin<T>>[2],
): Promise<T> {
  return withAdmin(port, (await readPassword(home)) ?? '', body)
}

function othersOn(home: ExistingHome, postmaster: PostmasterPid): Promise<ServerConnection[]> {
  return withHomeAdmin(home, postmaster, connectionsOf)
}

function readVersion(home: ExistingHome, postmaster: PostmasterPid): Promise<string> {
  return withHomeAdmin(home, postmaster, async (session) => {
    const { rows } = await session.query<{ version: string }>(
      sql`select current_setting('server_version') as version`,
    )
    return rows[0]!.version
  })
}

/** Stops the project's server; false when none was running, or when it is in use and that forbids it. */
export async function stopEmbeddedServer(
  root: string,
  effects: EmbeddedEffects,
  options: { readonly unlessInUse?: boolean } = {},
): Promise<boolean> {
  const home = await findHome(root)
  if (!home) return false
  return withLock(home, effects, async () => {
    const postmaster = await findPostmaster(home.dataDir)
    if (!postmaster) return false
    if (options.unlessInUse && (await othersOn(home, postmaster)).length > 0) return false
    await stop(home, postmaster)
    return true
  })
}

/** Stops the server and deletes all its data; refuses while others are connected, unless forced. */
export async function resetEmbeddedServer(
  root: string,
  effects: EmbeddedEffects,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  const home = await findHome(root)
  if (!home) return
  await withLock(home, effects, async () => {
    const postmaster = await findPostmaster(home.dataDir)
    if (postmaster && !options.force) await refuseInUse(home, postmaster)
    if (postmaster) await stop(home, postmaster)
    try {
      await rm(home.dataDir, { recursive: true, force: true })
      // Outside the project the data have a folder of their own around them.
      if (dirname(home.dataDir) !== home.dir) await rmdir(dirname(home.dataDir)).catch(() => {})
      for (const file of ['password', 'state', 'location', 'log'] as const) {
        await rm(homeFiles[file](home), { force: true })
      }
    } catch (cause) {
      throw fileError('delete', home.dataDir, cause)
    }
  })
}

async function refuseInUse(home: ExistingHome, postmaster: PostmasterPid): Promise<void> {
  // A server that cannot be asked (its password is lost, say) is one that nobody uses.
  const others = await othersOn(home, postmaster).catch(() => [])
  if (others.length === 0) return
  const names = others.map(({ application, pid }) => `${application} (process ${pid})`)
  throw embeddedError(
    `the embedded database is in use by ${names.join(', ')}`,
    'end these connections first, or force it; nothing was deleted',
  )
}

async function stop(home: ExistingHome, { pid }: PostmasterPid): Promise<void> {
  const stopped = await stopPostmaster(pid, 'fast', patienceMs).catch((cause) => {
    throw embeddedError(
      `may not stop process ${pid}: it belongs to another user`,
      'stop it as that user or as root',
      cause,
    )
  })
  if (!stopped) throw embeddedError(`process ${pid} does not stop`, `see ${homeFiles.log(home)}`)
}

function withLock<T>(home: ExistingHome, effects: EmbeddedEffects, body: () => Promise<T>): Promise<T> {
  const onWait = (pid: number) => effects.report(`waiting for process ${pid}, which is starting PostgreSQL`)
  return withStartLock(
    homeFiles.lock(home),
    { onWait, ...(effects.signal && { signal: effects.signal }) },
    body,
  )
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          // What is on the disk: PostgreSQL's files may have holes.
          ({ blocks }) => blocks * 512,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
