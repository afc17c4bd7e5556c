import type { EventLevel } from '../core/events/event-names.ts'
import type { PublishMode } from '../core/plan.ts'
import type { IndirectSelection } from '../core/selection/selection-spec.ts'

/*
 * The flags of the command line after commander has checked them. Names are dbt's where dbt has the flag.
 */

/** Flags that every command understands, before or after its name. */
export interface GlobalFlags {
  readonly projectDir?: string
  readonly targetPath?: string
  readonly target?: string
  /** The folder with profiles.yml. */
  readonly profilesDir?: string
  /** The profile of profiles.yml, instead of the one that the project names. */
  readonly profile?: string
  /** YAML or JSON, as typed; the workspace parses it. */
  readonly vars?: string
  readonly quiet?: boolean
  readonly debug?: boolean
  readonly logFormat: 'text' | 'json' | 'debug' | 'default'
  readonly logPath?: string
  /** From which level on events are told; `info` where nothing is said. */
  readonly logLevel?: EventLevel | 'none'
  /** The same for the log file, where it is not `debug`. */
  readonly logLevelFile?: EventLevel | 'none'
  /** The format of the log file, where it is not that of what is printed. */
  readonly logFormatFile?: 'text' | 'json' | 'debug' | 'default'
  /** Bytes. */
  readonly logFileMaxBytes?: number
  /** Whether warnings are errors. */
  readonly warnError?: boolean
  /** Which of them are, as YAML or JSON: `{error: all, silence: [selection-empty]}`. */
  readonly warnErrorOptions?: string
  /** False with --no-write-json: no artifacts are written. */
  readonly writeJson?: boolean
  /** False with --no-version-check: nothing is told of the versions of dbt that a project asks for. */
  readonly versionCheck?: boolean
  /** Whether what earlier commands have kept of the compiled project is used; what the project says where nothing is said. */
  readonly partialParse?: boolean
  /** False with --no-print: what templates print() is not shown. */
  readonly print?: boolean
  /** False with --no-color; undefined leaves it to the environment and the terminal. */
  readonly color?: boolean
}

export interface SelectionFlags extends StateFlags {
  readonly select?: readonly string[]
  readonly models?: readonly string[]
  readonly exclude?: readonly string[]
  /** The name of a selection of selectors.yml. */
  readonly selector?: string
  readonly resourceType?: readonly ResourceTypeFlag[]
  /** dbt's older spelling of the same. */
  readonly resourceTypes?: readonly ResourceTypeFlag[]
  readonly excludeResourceType?: readonly ResourceTypeFlag[]
  readonly indirectSelection?: IndirectSelection
}

/** Flags about an earlier state: to compare with it, or to read from it. */
export interface StateFlags {
  /** The folder with artifacts of an earlier command. */
  readonly state?: string
  /** Whether what is not in the target is read where the state has it. */
  readonly defer?: boolean
  /** The folder for --defer, where it is not that of --state. */
  readonly deferState?: string
  /** Whether the state's relations are read also where the target has its own. */
  readonly favorState?: boolean
}

/** Flags of the commands that run nodes. */
export interface RunFlags extends SelectionFlags {
  /** Whether rows of the seeds are printed that were loaded. */
  readonly show?: boolean
  readonly fullRefresh?: boolean
  readonly failFast?: boolean
  readonly threads?: number
  readonly publish?: PublishMode
  /** Whether what is unchanged stays as it was published. */
  readonly reuse?: boolean
  /** False with --no-wait: another run that publishes some of the same is not waited for. */
  readonly wait: boolean
  /** Seconds. */
  readonly waitTimeout: number
  /** Seconds. */
  readonly publishTimeout?: number
  readonly output: 'text' | 'json'
  readonly empty?: boolean
  /** The window of time that is read, as typed. */
  readonly sample?: string
  readonly eventTimeStart?: Date
  readonly eventTimeEnd?: Date
  readonly storeFailures?: boolean
}

export const resourceTypeFlags = [
  'source',
  'load',
  'seed',
  'model',
  'snapshot',
  'test',
  'unit_test',
  'job',
  'job_table',
  'exposure',
  'analysis',
  'function',
  'metric',
  'semantic_model',
  'saved_query',
  'all',
  'default',
] as const
export type ResourceTypeFlag = (typeof resourceTypeFlags)[number]
