import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'

/*
 * The log of one command: JSON lines in a file of its own under .estimand/logs/, for looking back when the
 * terminal is gone. The newest files are kept. Values of vars, the environment and passwords are never written.
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface CommandLog {
  /** Opens the file; before that, and where the folder cannot be written, lines are dropped. */
  readonly open: (root: string, logs?: string) => Promise<void>
  readonly write: (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void
  /** The open file, for pointing people at it. */
  readonly path: () => string | null
}

const keptFiles = 30

/** Makes the log of a command that started at `startedAt`. */
export function makeCommandLog(command: string, startedAt: Date, processId: number): CommandLog {
  let logger: Logger | null = null
  let path: string | null = null
  return {
    open: async (root, logs = join('.estimand', 'logs')) => {
      if (logger) return
      const folder = resolve(root, logs)
      const file = join(folder, fileName(command, startedAt, processId))
      try {
        mkdirSync(folder, { recursive: true })
        removeOldFiles(folder)
        const { pino } = await import('pino')
        // Written at once, so that the last lines before a crash are there.
        const destination = pino.destination({ dest: file, sync: true })
        logger = pino({ level: 'debug', base: { command, pid: processId }, timestamp: isoTime }, destination)
        path = file
      } catch {
        logger = null
      }
    },
    write: (level, message, fields = {}) => logger?.[level](withoutPasswords(fields), scrub(message)),
    path: () => path,
  }
}

function fileName(command: string, startedAt: Date, processId: number): string {
  const time = startedAt.toISOString().replace(/[:.]/g, '-')
  return `${time}-${command.replaceAll(' ', '-')}-${processId}.log`
}

/** Names begin with the time, so the order of names is the order of commands. */
function removeOldFiles(folder: string): void {
  const files = readdirSync(folder).filter((name) => name.endsWith('.log'))
  for (const name of files.sort().slice(0, -(keptFiles - 1) || undefined))
    rmSync(join(folder, name), { force: true })
}

function isoTime(): string {
  return `,"time":"${new Date().toISOString()}"`
}

function withoutPasswords(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(scrub(JSON.stringify(fields))) as Record<string, unknown>
}

/** Hides the password of every connection URL in a text. */
export function scrub(text: string): string {
  return text.replace(/(\b[a-z]+:\/\/[^\s:@/"]*):[^\s@/"]+@/gi, '$1:***@')
}
