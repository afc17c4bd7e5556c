import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SqlAnalysis, SqlToAnalyse } from './analyse-sql.ts'

/*
 * Another thread that looks at SQL while this one does something else.
 */

export interface SqlThread {
  readonly analyse: (sql: SqlToAnalyse) => Promise<SqlAnalysis>
  /** Lets the thread go. */
  readonly end: () => void
}

/** Fewer models are looked at sooner than a thread has begun and knows its work. */
const fewestForThread = 300

/** Begins a thread for the SQL of so many models; null where that would gain nothing, or there is nothing built to run. */
export function beginSqlThread(models: number, threads = availableParallelism()): SqlThread | null {
  if (threads < 2 || models < fewestForThread || import.meta.url.endsWith('.ts')) return null
  const worker = new Worker(builtModule())
  let failed: unknown
  worker.on('error', (error) => {
    failed = error
  })
  // Whoever began it may fail before it is asked anything, and then nobody waits for it.
  worker.unref()
  const analyse = (sql: SqlToAnalyse): Promise<SqlAnalysis> =>
    new Promise((resolve, reject) => {
      worker.ref()
      worker.once('message', (text: string) => resolve(JSON.parse(text) as SqlAnalysis))
      worker.once('exit', () =>
        reject(failed ?? new Error('the thread that looks at SQL ended before it was done')),
      )
      worker.postMessage(sql)
    })
  return { analyse, end: () => worker.postMessage(null) }
}

/** The bundled module begins sooner. */
function builtModule(): URL {
  const bundled = new URL('../../bundle/sql-worker.js', import.meta.url)
  return existsSync(bundled) ? bundled : new URL('sql-worker.js', import.meta.url)
}
