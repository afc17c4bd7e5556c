import { type ChildProcess, spawn } from 'node:child_process'
import { chown, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { binary } from './binaries.ts'
import { spawnAs } from './cluster.ts'
import { embeddedError } from './embedded-problem.ts'
import { type Home, homeFiles } from './home.ts'
import {
  findPostmaster,
  isAlive,
  type PostmasterPid,
  parsePostmasterPid,
  postmasterPidFile,
} from './postmaster.ts'
import { type Machine, serverSettings, settingsFile } from './settings.ts'

/** A server that was killed in the middle of a bulk load may replay gigabytes of log first. */
const startPatienceMs = 10 * 60_000
const logRotateBytes = 10 * 1024 * 1024

/** Starts the server detached, in a session of its own, and waits until it is ready. */
export async function startServer(home: Home, preferredPort: number | undefined): Promise<PostmasterPid> {
  await removeForeignPid(home.dataDir)
  await writeSettings(home)
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryStart(home, await choosePort(preferredPort))
    if (typeof outcome === 'object') return outcome
    if (attempt < 5 && outcome.includes('Address already in use')) continue
    // Processes of a server that was killed go away by themselves, but not at once.
    if (attempt < 50 && outcome.includes('shared memory block')) {
      await sleep(200)
      continue
    }
    throw startError(home, outcome)
  }
}

/** The last port if it is free, so that addresses in BI tools stay right. */
async function choosePort(preferred: number | undefined): Promise<number> {
  const isFree = preferred !== undefined && (await canListen(preferred))
  return isFree ? preferred : getPort({ host: '127.0.0.1' })
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(true)))
  })
}

/**
 * PostgreSQL itself sees that the process in a left-over postmaster.pid is dead. When its number belongs to
 * another program by now, as is usual in containers, it would refuse to start for ever.
 */
async function removeForeignPid(dataDir: string): Promise<void> {
  const path = postmasterPidFile(dataDir)
  const found = parsePostmasterPid(await readFile(path, 'utf8').catch(() => ''))
  if (found && isAlive(found.pid) && !(await findPostmaster(dataDir))) await rm(path, { force: true })
}

async function tryStart(home: Home, port: number): Promise<PostmasterPid | string> {
  const logStart = await logSize(home)
  const child = await spawnServer(home, port)
  let exited = false
  child.once('exit', () => {
    exited = true
  })
  child.once('error', () => {
    exited = true
  })
  for (const end = Date.now() + startPatienceMs; Date.now() < end; await sleep(20)) {
    const postmaster = await findPostmaster(home.dataDir)
    if (postmaster?.status === 'ready') return postmaster
    if (exited) return logSince(home, logStart)
  }
  child.kill('SIGQUIT')
  return `no answer within ${startPatienceMs / 1000} s`
}

async function spawnServer(home: Home, port: number): Promise<ChildProcess> {
  const log = await open(homeFiles.log(home), 'a', 0o600)
  try {
    const child = spawn(binary(home.binaries, 'postgres'), ['-D', home.dataDir, '-p', String(port)], {
      ...spawnAs(home),
      // Its own session: Ctrl-C at the terminal and the end of this command do not reach it.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    child.unref()
    return child
  } finally {
    await log.close()
  }
}

async function writeSettings(home: Home): Promise<void> {
  const path = join(home.dataDir, 'estimand.conf')
  await writeFile(path, settingsFile(serverSettings(await thisMachine())), { mode: 0o600 })
  if (home.user) await chown(path, home.user.uid, home.user.gid)
}

async function thisMachine(): Promise<Machine> {
  const sharedMemory = await statfs('/dev/shm').catch(() => undefined)
  const constrained = process.constrainedMemory?.() ?? 0
  return {
    // A container's limit counts, where there is one; without a limit the number is 0 or beyond all memory.
    memoryBytes: constrained > 0 ? Math.min(constrained, totalmem()) : totalmem(),
    cores: availableParallelism(),
    sharedMemoryBytes: sharedMemory && sharedMemory.bavail * sharedMemory.bsize,
  }
}

async function logSize(home: Home): Promise<number> {
  const path = homeFiles.log(home)
  const size = await stat(path).then(
    (info) => info.size,
    () => 0,
  )
  if (size <= logRotateBytes) return size
  await rename(path, `${path}.1`)
  return 0
}

async function logSince(home: Home, start: number): Promise<string> {
  const text = await readFile(homeFiles.log(home)).catch(() => Buffer.alloc(0))
  return text.subarray(start).toString('utf8')
}

function startError(home: Home, log: string): Error {
  const reason = /(?:FATAL|PANIC): +(.*)/.exec(log)?.[1] ?? log.trim().split('\n').at(-1) ?? ''
  const hint = /No space left on device/.test(log)
    ? 'free some disk space (or room in /dev/shm) and run again'
    : /database files are incompatible/.test(log)
      ? 'the data were made by another version; `estimand db reset` begins anew'
      : `see ${homeFiles.log(home)}`
  return embeddedError(`the embedded PostgreSQL does not start: ${reason}`, hint, new Error(log))
}
