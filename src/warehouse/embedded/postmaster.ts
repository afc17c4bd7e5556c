import { execFile } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/*
 * PostgreSQL keeps `postmaster.pid` in its data folder while it runs. It is what finds a server again whose
 * state file is gone, and what is left behind by one that was killed.
 */

export interface PostmasterPid {
  readonly pid: number
  readonly port: number
  /** Seconds since 1970. */
  readonly startedAt: number
  /** `starting`, `ready`, `stopping`, …; empty in the first moments. */
  readonly status: string
}

export function postmasterPidFile(dataDir: string): string {
  return join(dataDir, 'postmaster.pid')
}

/** Reads the lines of postmaster.pid: pid, data folder, start, port, socket folder, address, memory key, status. */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const lines = text.split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, startedAt: Number(lines[2]), port: Number(lines[3]), status: (lines[7] ?? '').trim() }
}

/** The server that runs on a data folder: its file is there, and its process is alive and really PostgreSQL. */
export async function findPostmaster(dataDir: string): Promise<PostmasterPid | undefined> {
  const text = await readFile(postmasterPidFile(dataDir), 'utf8').catch(() => undefined)
  const found = text === undefined ? undefined : parsePostmasterPid(text)
  if (!found || !isAlive(found.pid)) return undefined
  return (await isPostmasterOf(found.pid, dataDir)) ? found : undefined
}

/** Whether a process exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A pid may be given to another program after a crash; the command line tells. */
async function isPostmasterOf(pid: number, dataDir: string): Promise<boolean> {
  const words = await commandLine(pid)
  const folder = words[words.indexOf('-D') + 1]
  if (!words[0] || basename(words[0]) !== 'postgres' || !folder) return false
  const real = (path: string) => realpath(path).catch(() => path)
  return (await real(folder)) === (await real(dataDir))
}

async function commandLine(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  if (text !== undefined) return text.split('\0')
  const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }))
  // Paths with spaces cannot be told apart here, so the folder is what follows -D up to the next option.
  const match = /^(\S*postgres) -D (.+?)(?: -[a-zA-Z] .*)?$/.exec(stdout.trim())
  return match ? [match[1]!, '-D', match[2]!] : []
}

/**
 * Stops a server: politely to its clients (`smart` waits for them, `fast` ends them and rolls back), and at
 * once when it does not obey in time; the next start then recovers from the log. Returns whether it is gone.
 */
export async function stopPostmaster(
  pid: number,
  mode: 'smart' | 'fast',
  patienceMs: number,
): Promise<boolean> {
  if (!signal(pid, mode === 'smart' ? 'SIGTERM' : 'SIGINT')) return true
  if (await isGone(pid, patienceMs)) return true
  if (mode === 'smart') return false
  signal(pid, 'SIGQUIT')
  return isGone(pid, 10_000)
}

async function isGone(pid: number, patienceMs: number): Promise<boolean> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(25)) {
    if (!isAlive(pid)) return true
  }
  return !isAlive(pid)
}

/** False when there is no such process; throws when we may not. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
