import type { LoadTable, ParamValue } from '../../core/load-spec.ts'
import type { Problem } from '../../core/problem.ts'

/*
 * What the runner and a generator's worker thread say to each other. The runner hands out partitions one at a
 * time; a worker asks for the next when it has made one. Rows come in chunks, each of which the runner says to be
 * taken: a worker is only so many ahead of the server.
 */

export interface GeneratorWorkerData {
  readonly projectRoot: string
  readonly module: string
  readonly params: Readonly<Record<string, ParamValue>>
  readonly tables: readonly LoadTable[]
}

export type ToWorker =
  | { readonly type: 'partition'; readonly index: number }
  | { readonly type: 'finish' }
  /** A chunk has gone on to the server; its memory comes back where it may be used again. */
  | { readonly type: 'taken'; readonly memory: readonly ArrayBuffer[] }

export type FromWorker =
  | { readonly type: 'next' }
  /** Whole rows of a table, by its place. */
  | { readonly type: 'chunk'; readonly table: number; readonly bytes: Uint8Array }
  /** Rows made since the last message, in all tables. */
  | { readonly type: 'rows'; readonly rows: number }
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly problems: readonly Problem[] }
