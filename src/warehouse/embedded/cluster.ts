import { execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import {
  appendFile,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { binary } from './binaries.ts'
import type { EmbeddedEffects } from './effects.ts'
import { embeddedUser } from './embedded-names.ts'
import { embeddedError, fileError } from './embedded-problem.ts'
import { giveToOwnerOf, type Home, homeFiles } from './home.ts'

const run = promisify(execFile)

/** The environment of the server's programs: nothing of ours, since PG… variables would change what they do. */
export const serverEnv = { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C' }

/** The user and folder for the server's programs. */
export function spawnAs(home: Home): {
  cwd: string
  env: Record<string, string>
  uid?: number
  gid?: number
} {
  const as = home.user && { uid: home.user.uid, gid: home.user.gid }
  return { cwd: '/', env: serverEnv, ...as }
}

/** Reads the password. */
export async function readPassword(home: Pick<Home, 'dir'>): Promise<string | undefined> {
  const path = homeFiles.password(home)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fileError('read', path, error)
  }
}

/** Reads the password or makes a random one; two processes at once agree on one. */
export async function ensurePassword(home: Home, root: string): Promise<string> {
  const existing = await readPassword(home)
  if (existing) return existing
  const path = homeFiles.password(home)
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
    await giveToOwnerOf(root, draft)
    await link(draft, path).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
  } catch (cause) {
    throw fileError('write', path, cause)
  } finally {
    await rm(draft, { force: true })
  }
  return (await readPassword(home))!
}

/** Whether initdb is done. */
export async function hasCluster(home: Home): Promise<boolean> {
  return stat(join(home.dataDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}

/** Makes the database cluster under another name and renames it, so that half a cluster never has the name. */
export async function makeCluster(home: Home, password: string, effects: EmbeddedEffects): Promise<void> {
  effects.report(`making a new PostgreSQL database in ${home.dataDir}`)
  const draft = `${home.dataDir}.init-${randomUUID()}`
  const passwordFile = `${draft}.password`
  try {
    await removeDrafts(home)
    await mkdir(draft, { mode: 0o700 })
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    if (home.user) {
      await chown(draft, home.user.uid, home.user.gid)
      await chown(passwordFile, home.user.uid, home.user.gid)
    }
    await initdb(home, draft, passwordFile)
    await appendFile(join(draft, 'postgresql.conf'), "\ninclude_if_exists = 'estimand.conf'\n")
    await rename(draft, home.dataDir)
  } catch (cause) {
    if (await hasCluster(home)) return
    throw cause instanceof Error && 'syscall' in cause ? fileError('write', home.dataDir, cause) : cause
  } finally {
    await rm(passwordFile, { force: true })
    await rm(draft, { recursive: true, force: true })
  }
}

/** What an initdb left behind that was killed; nobody else makes a cluster now, as we hold the start lock. */
async function removeDrafts({ dataDir }: Home): Promise<void> {
  const parent = dirname(dataDir)
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(dataDir)}.init-`))
      await rm(join(parent, name), { recursive: true, force: true })
  }
}

/** Text sorts by code point and is UTF-8 on every machine, whatever locales it has. */
const initdbOptions = [
  `--username=${embeddedUser}`,
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
]

async function initdb(home: Home, dataDir: string, passwordFile: string): Promise<void> {
  const options = [`--pgdata=${dataDir}`, `--pwfile=${passwordFile}`, ...initdbOptions]
  try {
    await run(binary(home.binaries, 'initdb'), options, spawnAs(home))
  } catch (cause) {
    const { stderr = '', message } = cause as { stderr?: string; message: string }
    throw initdbError(stderr || message, home, cause)
  }
}

/** initdb says much; what matters is the line that names the reason. */
function initdbError(output: string, home: Home, cause: unknown): Error {
  const lines = output.trim().split('\n')
  const reason =
    lines.find((line) => /No space left|could not look up|FATAL|error:/.test(line)) ?? lines.at(-1)
  const hint = /No space left on device|wrote only \d+ of/.test(output)
    ? 'free some disk space and run again'
    : /could not look up effective user/.test(output)
      ? 'PostgreSQL needs a user with an entry in /etc/passwd: run as one, or set DATABASE_URL to use a server of your own'
      : `it was to make ${home.dataDir}; nothing of it was kept`
  return embeddedError(`initdb failed: ${reason}`, hint, cause)
}

/** Sets the password without logging in, for a cluster whose password file was deleted; the server must be down. */
export async function resetPassword(home: Home, password: string): Promise<void> {
  const child = spawn(binary(home.binaries, 'postgres'), ['--single', '-D', home.dataDir, 'postgres'], {
    ...spawnAs(home),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // The password is base64url: it needs no quoting.
  child.stdin.end(`alter role ${embeddedUser} password '${password}'\n`)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) {
    throw embeddedError(
      'the password of the embedded database could not be set anew',
      '`estimand db reset` begins anew',
    )
  }
}
