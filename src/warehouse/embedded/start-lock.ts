import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfCancelled } from '../cancelled.ts'
import { fileError } from './embedded-problem.ts'
import { isAlive } from './postmaster.ts'

/*
 * One process at a time starts, stops or resets the server; the others wait. The lock is a file that only
 * one can create. Its holder touches it every two seconds, so a lock is stale when its holder is dead or has
 * not touched it for long (the pid may belong to another program, or to another container by now).
 *
 * Nothing breaks if two get in after all: PostgreSQL itself refuses to start twice on the same data, and
 * every step before is done under another name and then renamed.
 */

const touchEveryMs = 2_000
const staleAfterMs = 15_000

interface Holder {
  readonly pid: number
  readonly host: string
  readonly token: string
}

/** Runs the body while holding the lock file; `onWait` is called once if another holds it. */
export async function withStartLock<T>(
  path: string,
  options: { readonly onWait: (pid: number) => void; readonly signal?: AbortSignal },
  body: () => Promise<T>,
): Promise<T> {
  const holder: Holder = { pid: process.pid, host: hostname(), token: randomUUID() }
  let told = false
  while (!(await tryLock(path, holder))) {
    throwIfCancelled(options.signal)
    const other = await readHolder(path)
    if (other && (await isStale(path, other))) {
      await removeStale(path, other)
      continue
    }
    if (other && !told) options.onWait(other.pid)
    told ||= other !== undefined
    await sleep(100)
  }
  const touch = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, touchEveryMs)
  touch.unref()
  try {
    return await body()
  } finally {
    clearInterval(touch)
    const current = await readHolder(path)
    if (current?.token === holder.token) await rm(path, { force: true })
  }
}

/** Creates the file with its content in one step: written under another name, then linked. */
async function tryLock(path: string, holder: Holder): Promise<boolean> {
  const draft = `${path}.${holder.token}`
  try {
    await writeFile(draft, JSON.stringify(holder), { mode: 0o600 })
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw fileError('write', path, error)
  } finally {
    await rm(draft, { force: true })
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Holder
  } catch {
    return { pid: 0, host: '', token: '' }
  }
}

async function isStale(path: string, holder: Holder): Promise<boolean> {
  if (holder.host === hostname() && !isAlive(holder.pid)) return true
  const touched = await stat(path).catch(() => undefined)
  return touched !== undefined && Date.now() - touched.mtimeMs > staleAfterMs
}

/** Moves the file away first: if another process was faster, the file moved is a new lock and goes back. */
async function removeStale(path: string, stale: Holder): Promise<void> {
  const away = `${path}.stale-${randomUUID()}`
  const moved = await rename(path, away).then(
    () => true,
    () => false,
  )
  if (!moved) return
  const holder = await readHolder(away)
  if (holder && holder.token !== stale.token) await link(away, path).catch(() => {})
  await rm(away, { force: true })
}
