import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopEmbeddedServer } from '../../src/warehouse/embedded/embedded-control.ts'
import { ensureEmbeddedServer } from '../../src/warehouse/embedded/embedded-server.ts'
import { isAlive } from '../../src/warehouse/embedded/postmaster.ts'
import { openSession } from '../../src/warehouse/open-session.ts'
import { connectionUrl, postgresConnection } from '../../src/warehouse/resolve-connection.ts'
import type { Connection } from '../../src/warehouse/warehouse.ts'
import { schema } from './fault-project.ts'

/*
 * A PostgreSQL server of a test's own, which can be killed: embedded, in a temporary folder, with the settings that
 * users get.
 */

export interface FaultServer {
  readonly connection: Connection
  readonly url: string
  /**
   * Ends every process of the server without a word, as a power cut would; the system's caches survive. Those that are
   * known end at once, the others when they have been found.
   */
  readonly kill: (known?: readonly number[]) => Promise<void>
  readonly processes: () => number[]
  /** Ends one of its processes; the server then ends the others and recovers by itself. */
  readonly killProcess: (processId: number) => void
  /** Starts it where it is down, and waits until it lets somebody in. */
  readonly comeBack: () => Promise<void>
  readonly stop: () => Promise<void>
}

const effects = { report: () => {}, clock: () => new Date(), env: process.env }

/** Starts one. */
export async function startFaultServer(): Promise<FaultServer> {
  const root = mkdtempSync(join(tmpdir(), 'estimand-fault-server-'))
  chmodSync(root, 0o755)
  let { connection, pid } = await ensureEmbeddedServer(root, effects)
  const { port } = connection.target
  const url = connectionUrl(connection, { withPassword: true })
  const spec = { engine: 'postgres' as const, schema, threads: 3, url }
  return {
    connection: postgresConnection({ name: 'test', spec }, {}),
    url,
    kill: async (known = []) => {
      for (const one of known) killProcess(one)
      const processes = [...known, pid, ...childrenOf(pid)]
      for (const one of processes) killProcess(one)
      while (processes.some(isAlive)) await sleep(10)
    },
    processes: () => [pid, ...childrenOf(pid)],
    killProcess,
    comeBack: async () => {
      ;({ connection, pid } = await ensureEmbeddedServer(root, effects))
      if (connection.target.port !== port) throw new Error('the server came back on another port')
      await untilOpen(connection)
    },
    stop: async () => {
      await stopEmbeddedServer(root, effects)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function killProcess(processId: number): void {
  try {
    process.kill(processId, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function childrenOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  return lines.flatMap((line) => {
    const [pid, ppid] = line.trim().split(/\s+/).map(Number)
    return ppid === parent ? [pid!] : []
  })
}

/** A server that recovers refuses everybody for a while. */
async function untilOpen(connection: Connection): Promise<void> {
  for (const end = Date.now() + 60_000; ; await sleep(50)) {
    try {
      const { session } = await openSession(connection, { applicationName: 'faults' })
      return await session.close()
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}
