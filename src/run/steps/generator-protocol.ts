import type { LoadTable, ParamValue } from '../../core/load-spec.ts'
import type { Relation } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { Connection } from '../../warehouse/index.ts'

/*
 * What the runner and a generator's worker thread say to each other. The runner hands out partitions one at a
 * time; a worker asks for the next when it has written one. Each worker keeps one COPY open for each table.
 */

export interface GeneratorWorkerData {
  readonly projectRoot: string
  readonly module: string
  readonly params: Readonly<Record<string, ParamValue>>
  readonly tables: readonly { readonly table: LoadTable; readonly build: Relation }[]
  readonly connection: Omit<Connection, 'password'>
  readonly password: string | undefined
  /** The lease of the run that the worker's sessions work for. */
  readonly leaseToken: number
  /** How long a statement may take, where that is limited. */
  readonly statementTimeoutMs: number | undefined
}

export type ToWorker = { readonly type: 'partition'; readonly index: number } | { readonly type: 'finish' }

export type FromWorker =
  | { readonly type: 'next' }
  /** Rows written since the last message, in all tables. */
  | { readonly type: 'rows'; readonly rows: number }
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly problems: readonly Problem[] }
