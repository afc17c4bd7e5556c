import type { Place } from './problem.ts'

/*
 * A DAG of the scheduler: which steps run when, over which stretch of time, and who is told. One YAML file under dags/
 * declares one. (The graph of nodes inside a step is another matter: core/graph.ts.)
 *
 *     instant       a moment at which a schedule fires
 *     data interval what a run speaks about: from the instant before to the one that fires it
 *     step          one piece of a run's work: what one command line would do
 *     template      a text in which {{ ds }} and the like stand for what the run knows of itself
 */

/** When a DAG runs by the clock. */
export interface DagSchedule {
  /** Five fields, or six with seconds in front; nicknames such as @daily are written out. */
  readonly cron: string
  /** Of the IANA database: `Europe/Berlin`. */
  readonly timezone: string
}

/** The stretch of time that a run speaks about: [start, end), written by toISOString. */
export interface DagInterval {
  readonly start: string
  readonly end: string
}

/** What happens to instants that went by while nobody fired them: each, only the latest, or none. */
export const catchupPolicies = ['all', 'latest', 'none'] as const
export type CatchupPolicy = (typeof catchupPolicies)[number]

export interface RetryPolicy {
  /** How often it is tried again after the first time. */
  readonly retries: number
  readonly delaySeconds: number
  /** What the delay is multiplied by from one retry to the next; 1 for always the same. */
  readonly backoff: number
  readonly maxDelaySeconds: number
}

/** What a step does; each is the command of the same name. */
export const stepKinds = [
  'load',
  'build',
  'run',
  'test',
  'seed',
  'snapshot',
  'job',
  'source_freshness',
  'export',
  'operation',
  'command',
] as const
export type StepKind = (typeof stepKinds)[number]

interface StepBase {
  /** Unique in its DAG. */
  readonly name: string
  readonly place: Place
  /** Names of the steps that have to succeed before it; the one before in the file where nothing is said. */
  readonly needs: readonly string[]
  /** When it runs, given what became of the steps that it needs: all succeeded, any failed, or all have ended. */
  readonly when: 'success' | 'failure' | 'always'
  readonly retry: RetryPolicy
  /** Null for none of its own. */
  readonly timeoutSeconds: number | null
  /** A place in it is taken while the step is at work. */
  readonly pool: string | null
  /** Values over those of the DAG; texts are templates. */
  readonly vars: Readonly<Record<string, unknown>>
}

/** Steps that work on selected nodes. */
export interface NodesStep extends StepBase {
  readonly kind: 'load' | 'build' | 'run' | 'test' | 'seed' | 'snapshot' | 'job' | 'source_freshness'
  /** Selection expressions, of which any may match; empty for all nodes of the kind. */
  readonly select: readonly string[]
  readonly exclude: readonly string[]
  readonly fullRefresh: boolean
  /** Build what is declared by time for the data interval of the run, and nothing else. */
  readonly isOverInterval: boolean
  readonly failFast: boolean
}

/** Rows into files. */
export interface ExportStep extends StepBase {
  readonly kind: 'export'
  /** The one node whose rows are written. */
  readonly select: string
  /** A template; its ending tells the format. */
  readonly to: string
}

/** A macro of the project. */
export interface OperationStep extends StepBase {
  readonly kind: 'operation'
  readonly macro: string
  /** Texts are templates. */
  readonly args: Readonly<Record<string, unknown>>
}

/** A program. */
export interface CommandStep extends StepBase {
  readonly kind: 'command'
  /** The program and its arguments, each a template; what is written as one text goes to `sh -c`. */
  readonly argv: readonly string[]
  /** Added to the environment; texts are templates, also of env_var(). */
  readonly env: Readonly<Record<string, string>>
}

export type DagStep = NodesStep | ExportStep | OperationStep | CommandStep

/** Another DAG whose run has to have ended: `success` only well, `done` however. */
export interface DagDependency {
  readonly dag: string
  readonly on: 'success' | 'done'
}

/** What starts a DAG besides its schedule. */
export interface DagTriggers {
  /** When a run of any of these DAGs has ended. The run speaks about the interval of the one that started it. */
  readonly afterDags: readonly DagDependency[]
  /** When the loading of one of these sources has brought rows: `name` or `name.table`. */
  readonly newData: readonly string[]
  /** When somebody asks by HTTP who knows the token that stands in this environment variable. */
  readonly webhook: { readonly tokenEnv: string } | null
}

/** Where a notification goes. Texts may hold {{ env_var('…') }}, which is filled in when it is sent and never before. */
export type NotificationTarget =
  | {
      readonly kind: 'webhook'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly kind: 'slack'; readonly url: string; readonly channel: string | null }
  | {
      readonly kind: 'email'
      readonly to: readonly string[]
      readonly from: string
      /** `smtp://user:password@host:587`, from the environment. */
      readonly smtp: string
    }

export const notificationOccasions = ['on_failure', 'on_success', 'on_sla_miss'] as const
export type NotificationOccasion = (typeof notificationOccasions)[number]

export interface Dag {
  readonly name: string
  /** Relative to the project. */
  readonly file: string
  readonly place: Place
  readonly description: string
  readonly owners: readonly string[]
  readonly tags: readonly string[]
  /** Null for a DAG that only triggers or people start. */
  readonly schedule: DagSchedule | null
  readonly triggers: DagTriggers
  /**
   * What a run waits for before its first step: of each of these DAGs, the run of the last instant at or before its
   * own has ended. (A DAG without schedule: its latest run.) It waits at most until its own deadline.
   */
  readonly dependsOn: readonly DagDependency[]
  /** In the order of the file; each needs only steps before it. A bare `select:` is one step `build`. */
  readonly steps: readonly DagStep[]
  /** Values for the project's vars; texts are templates. */
  readonly vars: Readonly<Record<string, unknown>>
  /** The target of project.yml; null for the one that the command was started with. */
  readonly target: string | null
  /** No data interval begins before it (ISO instant); null: nothing is caught up from before the DAG was first seen. */
  readonly startDate: string | null
  /** No data interval begins at or after it; the day that `end_date` names is the last one, so this is the next. */
  readonly endDate: string | null
  readonly catchup: CatchupPolicy
  /** How many runs may be at work at the same time; more wait. */
  readonly maxActiveRuns: number
  /** Whether a run waits until the one of the interval before has succeeded. */
  readonly dependsOnPast: boolean
  /** What steps do that say nothing themselves. */
  readonly retry: RetryPolicy
  /** The deadline of a whole run with its retries, from its start; null for none. */
  readonly timeoutSeconds: number | null
  /** How long after the instant that fired it a run has to be done; null where nobody is to be told. */
  readonly slaSeconds: number | null
  readonly notifications: Readonly<Record<NotificationOccasion, readonly NotificationTarget[]>>
  /** Whether it waits, when it is first seen, for somebody to resume it. */
  readonly isPausedAtFirst: boolean
  /** Hash of the file's text: another one is another version of the DAG. */
  readonly version: string
}
