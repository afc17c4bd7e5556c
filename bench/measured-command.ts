import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * Runs the built command as a user would, and watches it from outside.
 */

export interface MeasuredCommand {
  readonly seconds: number
  /** The most memory that the process ever held, all threads together; null where /proc does not tell. */
  readonly peakMemoryMb: number | null
  readonly stdout: string
}

const root = join(import.meta.dirname, '..')

/** Runs `estimand …args` in a project; throws with its output when it fails. */
export async function measureCommand(args: readonly string[], projectDir = root): Promise<MeasuredCommand> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [join(root, 'bin', 'estimand.js'), ...args], { cwd: projectDir })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  let peakMemoryMb: number | null = null
  const watch = setInterval(() => {
    peakMemoryMb = Math.max(peakMemoryMb ?? 0, peakMemory(child.pid!) ?? 0) || null
  }, 50)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearInterval(watch)
  if (code !== 0) throw new Error(`estimand ${args.join(' ')} ended with ${code}\n${stderr}${stdout}`)
  return { seconds: (performance.now() - startedAt) / 1000, peakMemoryMb, stdout }
}

/** The high-water mark of a process' resident memory. */
function peakMemory(pid: number): number | null {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return match ? Number(match[1]) / 1024 : null
  } catch {
    return null
  }
}
