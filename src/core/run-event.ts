import type { NodeId } from './node.ts'
import type { Plan } from './plan.ts'
import type { BatchResult, NodeResult, RunResult } from './run-result.ts'

/*
 * What a run says while it works. The terminal, the JSON log and the store all read this one stream.
 */
export type RunEvent =
  | {
      readonly type: 'run_started'
      readonly plan: Plan
      readonly nodeNames: Readonly<Record<NodeId, string>>
    }
  /** How long nodes took the last times, in seconds; those that never succeeded are missing. */
  | { readonly type: 'durations_known'; readonly seconds: Readonly<Record<NodeId, number>> }
  /** `holder` tells people of the first one; `holders` are all who come before. */
  | { readonly type: 'waiting_for_lock'; readonly holder: string; readonly holders: readonly LeaseHolder[] }
  | {
      readonly type: 'node_started'
      readonly nodeId: NodeId
      readonly index: number
      readonly total: number
      readonly at: string
    }
  /** A node failed for a reason that passes, and is tried again after a pause. */
  | {
      readonly type: 'node_retried'
      readonly nodeId: NodeId
      /** Which try failed, from 1. */
      readonly attempt: number
      readonly pauseMs: number
      readonly reason: string
    }
  | {
      readonly type: 'node_progress'
      readonly nodeId: NodeId
      readonly rows: number
      readonly expectedRows: number | null
    }
  | {
      readonly type: 'batch_finished'
      readonly nodeId: NodeId
      /** Batches of the node that have come to an end, and all that there are. */
      readonly done: number
      readonly total: number
      readonly batch: BatchResult
    }
  | {
      readonly type: 'node_finished'
      readonly index: number
      readonly total: number
      readonly result: NodeResult
    }
  | { readonly type: 'publish_started'; readonly relations: number }
  | { readonly type: 'publish_finished'; readonly relations: number; readonly durationMs: number }
  | {
      readonly type: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly nodeId?: NodeId
      /** Where a template says it. */
      readonly voice?: TemplateVoice
    }
  | { readonly type: 'run_finished'; readonly result: RunResult }

/** How a template says something: `log(…, info=true)`, `log(…)`, which is for who looks for it, or `print(…)`. */
export type TemplateVoice = 'info' | 'debug' | 'print'

/** A run that comes before another, since both are to publish something that is the same. */
export interface LeaseHolder {
  /** Rises with every run. */
  readonly token: number
  readonly command: string
  readonly project: string
  /** Where and by whom it was called. */
  readonly host: string
  readonly user: string
  readonly processId: number
  /** When it began to work, or to wait: ISO 8601, in UTC. */
  readonly since: string
  /** Whether it waits for others itself. */
  readonly isWaiting: boolean
  /** Whether it has a connection to the server. */
  readonly isAlive: boolean
  /** What both publish, as schema.name. */
  readonly relations: readonly string[]
}

/** What work needs from its surroundings, passed in so that tests can supply their own. */
export interface RunEffects {
  readonly emit: (event: RunEvent) => void
  /** Told the SQL that a node's work sent, whether or not it succeeded; without it nobody writes that down. */
  readonly onExecuted?: (nodeId: NodeId, sql: string) => void
  readonly clock: () => Date
  /** Aborted by Ctrl-C: running statements are cancelled and everything is rolled back. */
  readonly signal: AbortSignal
}
