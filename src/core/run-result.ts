import type { ProjectMoment } from './manifest.ts'
import type { NodeId } from './node.ts'
import type { Problem } from './problem.ts'

/** `no-op` is the result of what nothing is run for: an exposure, a saved query. */
export type NodeStatus = 'success' | 'reused' | 'no-op' | 'pass' | 'warn' | 'fail' | 'error' | 'skipped'

/** What became of one batch of a microbatch model. */
export interface BatchResult {
  readonly id: string
  /** ISO timestamps; the end is not part of it. */
  readonly start: string
  readonly end: string
  readonly status: 'success' | 'error' | 'skipped'
  readonly rows: number | null
}

export interface NodeResult {
  readonly nodeId: NodeId
  readonly status: NodeStatus
  /** ISO timestamps; null for a node that never started. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly durationMs: number
  /** Rows written, or rows that fail a test. */
  readonly rows: number | null
  readonly message: string
  /** The server's word for the last statement, where it is not the usual one of such a node: INSERT, MERGE. */
  readonly command?: string
  readonly problem?: Problem
  /** For a load from files: rows that do not fit the table. */
  readonly badRows?: number
  readonly compiledCode?: string
  /** For a microbatch model, each batch. */
  readonly batches?: readonly BatchResult[]
  /** How often it was tried, where that is more than once. */
  readonly attempts?: number
  /** The connection slot that did the work, from 1. */
  readonly thread: number | null
}

/** What became of a hook of the project around the run. */
export interface HookResult {
  readonly hookId: string
  readonly moment: ProjectMoment
  readonly status: 'success' | 'error' | 'skipped'
  /** ISO timestamps; null for one that never started. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly durationMs: number
  readonly message: string
  /** What its template became, as far as it was rendered. */
  readonly compiledCode?: string
}

export type RunStatus = 'success' | 'failed' | 'cancelled'

export interface RunResult {
  readonly runId: string
  readonly command: string
  readonly status: RunStatus
  readonly startedAt: string
  readonly elapsedMs: number
  /**
   * Whether what was built is now visible; a failed run with publish mode 'run' leaves this false. Null where the
   * connection was lost at the commit and the server could not be asked since.
   */
  readonly published: boolean | null
  readonly publishMs: number | null
  readonly results: readonly NodeResult[]
  /** Those of on-run-start, then those of on-run-end, as far as the run came. */
  readonly hooks?: readonly HookResult[]
  /** The schema in which the run built, if it did: the beginning of the names of its others. */
  readonly buildSchema?: string
  /** The nodes that were taken as an earlier run has built them. */
  readonly adopted?: readonly NodeId[]
  /** What went wrong outside any node: publishing, the connection, a cancel. */
  readonly problems: readonly Problem[]
}

/** Statuses that make the run fail. */
export function isFailure(status: NodeStatus): boolean {
  return status === 'error' || status === 'fail'
}
