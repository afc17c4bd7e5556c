import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type EventLevel, isTold } from '../core/events/event-names.ts'
import type { EventRecord } from '../core/events/event-schema.ts'
import type { EventStream } from '../core/events/event-stream.ts'
import { makeFolder } from '../run/make-folder.ts'

/*
 * The log file of a project: logs/estimand.log, to which every command adds the events that it tells, for looking back
 * when the terminal is gone. A file that has become long makes room for a new one; a few of the old ones stay.
 */

export interface CommandLog {
  /** Opens the file; what was told before is written then. Where the folder cannot be written, nothing is kept. */
  readonly open: (root: string, logs?: string) => void
  /** Tells something on the stream that is no event of its own. */
  readonly write: (level: EventLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void
  /** The open file, for pointing people at it. */
  readonly path: () => string | null
}

export interface LogFileOptions {
  readonly format: 'text' | 'json'
  readonly level: EventLevel | 'none'
  /** Past this size another file is begun; 0 for never. */
  readonly maxBytes: number
}

const keptFiles = 5
/** What is told before the project is known; a command without a project has no log. */
const mostWaiting = 1000

/** Makes the log of a command, which hears of everything that is told on its stream. */
export function makeCommandLog(stream: EventStream, options: LogFileOptions): CommandLog {
  const waiting: EventRecord[] = []
  let file: { readonly path: string; readonly descriptor: number } | null = null
  let isOpen = false
  const keep = (record: EventRecord): void => {
    if (!isTold(record.info.level, options.level)) return
    if (file) writeSync(file.descriptor, lineOf(record, options))
    else if (!isOpen && waiting.length < mostWaiting) waiting.push(record)
  }
  stream.subscribe(keep)
  return {
    open(root, logs = 'logs') {
      if (isOpen || options.level === 'none') return
      isOpen = true
      file = openFile(resolve(root, logs), options.maxBytes)
      for (const record of waiting.splice(0)) keep(record)
    },
    write: (level, message, fields = {}) =>
      stream.tell({ name: 'Note', level, msg: message, data: { ...fields, msg: message } }),
    path: () => file?.path ?? null,
  }
}

/** Opens the file to be added to, after having put a long one aside. */
function openFile(folder: string, maxBytes: number) {
  const path = join(folder, 'estimand.log')
  try {
    makeFolder(folder)
    let descriptor = openSync(path, 'a')
    if (maxBytes > 0 && fstatSync(descriptor).size >= maxBytes) {
      closeSync(descriptor)
      putAside(path)
      descriptor = openSync(path, 'a')
    }
    return { path, descriptor }
  } catch {
    return null
  }
}

/** estimand.log becomes estimand.log.1, and so on; who still writes to one goes on in it. */
function putAside(path: string): void {
  rmSync(`${path}.${keptFiles}`, { force: true })
  for (let number = keptFiles - 1; number >= 0; number--) {
    try {
      renameSync(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`)
    } catch (error) {
      // There are not so many yet, or another command has just done it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** One write for each line, so that the lines of commands that run at the same time stay whole. */
function lineOf(record: EventRecord, { format }: LogFileOptions): string {
  if (format === 'json') return `${JSON.stringify(record)}\n`
  const { ts, level, thread, msg } = record.info
  return `${ts} [${level.padEnd(5)}] [${thread}] ${msg}\n`
}
