import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { EmbeddedEffects } from './effects.ts'
import type { Home } from './home.ts'

const defaultIdleMinutes = 30

/** Minutes without any connection after which the server is stopped: ESTIMAND_DB_IDLE_MINUTES, 0 for never. */
export function idleMinutes(env: EmbeddedEffects['env']): number {
  const text = env['ESTIMAND_DB_IDLE_MINUTES']
  if (text === undefined || text === '') return defaultIdleMinutes
  const minutes = Number(text)
  if (Number.isFinite(minutes) && minutes >= 0) return minutes
  throw new ProblemError(
    makeProblem('config-invalid', `ESTIMAND_DB_IDLE_MINUTES is "${text}"`, {
      hint: 'minutes without a connection after which the embedded server stops; 0 for never',
    }),
  )
}

/** Starts the process that stops an idle server. It lives as long as the server; a second one ends at once. */
export function startWatcher(home: Home, { env }: EmbeddedEffects): void {
  const minutes = idleMinutes(env)
  const program = watcherProgram()
  if (minutes === 0 || !program) return
  const child = spawn(process.execPath, [program, home.dir, home.dataDir, String(minutes)], {
    cwd: '/',
    // Nothing of this process: its options and credentials are none of the watcher's business.
    env: {},
    detached: true,
    stdio: 'ignore',
  })
  child.on('error', () => {})
  child.unref()
}

/** The compiled program; when this runs from the sources, that of the last build. */
function watcherProgram(): string | undefined {
  const here = fileURLToPath(import.meta.url)
  const program = here
    .replace(/([\\/])src([\\/]warehouse[\\/]embedded[\\/])start-watcher\.ts$/, '$1dist$2start-watcher.js')
    .replace(/start-watcher\.js$/, 'idle-watcher.js')
  return existsSync(program) ? program : undefined
}
