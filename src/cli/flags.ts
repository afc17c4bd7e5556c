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
  /** YAML or JSON, as typed; the workspace parses it. */
  readonly vars?: string
  readonly quiet?: boolean
  readonly debug?: boolean
  readonly logFormat: 'text' | 'json'
  /** False with --no-color; undefined leaves it to the environment and the terminal. */
  readonly color?: boolean
}

export interface SelectionFlags {
  readonly select?: readonly string[]
  readonly models?: readonly string[]
  readonly exclude?: readonly string[]
  readonly resourceType?: readonly ResourceTypeFlag[]
  readonly indirectSelection?: IndirectSelection
}

/** Flags of the commands that run nodes. */
export interface RunFlags extends SelectionFlags {
  readonly fullRefresh?: boolean
  readonly failFast?: boolean
  readonly threads?: number
  readonly publish?: PublishMode
  readonly lockTimeout: number
  readonly output: 'text' | 'json'
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
  'exposure',
  'analysis',
  'metric',
  'semantic_model',
  'saved_query',
  'all',
] as const
export type ResourceTypeFlag = (typeof resourceTypeFlags)[number]
