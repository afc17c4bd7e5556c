import { closestNames } from '../../core/did-you-mean.ts'
import type { IncrementalStrategy, Materialization, ModelNode, OnSchemaChange } from '../../core/node.ts'
import { makeProblem, type Place, type Problem, type Severity } from '../../core/problem.ts'
import { asStrings, type Config } from '../config-tree.ts'
import { unknownColumnsChoices } from '../lineage/check-columns.ts'
import { indexesCheck } from './check-config.ts'
import { readIndexes } from './read-indexes.ts'

/*
 * The part of a model's configuration that decides how it is built, read from what people wrote.
 */

const materializations: readonly Materialization[] = [
  'view',
  'table',
  'incremental',
  'ephemeral',
  'materialized_view',
]
const strategies: readonly IncrementalStrategy[] = [
  'append',
  'delete+insert',
  'merge',
  'microbatch',
  'time_range',
]
const schemaChanges: readonly OnSchemaChange[] = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns']

/** What becomes of times that an older version of a model has built. */
const changePolicies = ['forward_only', 'rebuild'] as const

/** Keys with a meaning here or in dbt; any other is the project's own and may be read by its macros. */
const knownKeys = [
  'access',
  'alias',
  'batch_size',
  'begin',
  'bind',
  'column_types',
  'concurrent_batches',
  'contract',
  'database',
  'delimiter',
  'distribution',
  'docs',
  'enabled',
  'event_time',
  'full_refresh',
  'grants',
  'group',
  'incremental_predicates',
  'incremental_strategy',
  'indexes',
  'inherit_descriptions',
  'inherit_tests',
  'lookback',
  'materialized',
  'meta',
  'merge_exclude_columns',
  'merge_update_columns',
  'on_change',
  'on_configuration_change',
  'on_error',
  'on_schema_change',
  'packages',
  'partition_by',
  'persist_docs',
  'pool',
  'post_hook',
  'pre_hook',
  'quote_columns',
  'quoting',
  'retries',
  'retry_delay',
  'reuse',
  'schema',
  'sql_header',
  'static_analysis',
  'tags',
  'time_grain',
  'timeout',
  'unique_key',
  'unknown_columns',
  'unlogged',
] // prettier-ignore

export type ModelBuildConfig = Pick<
  ModelNode,
  | 'materialized'
  | 'uniqueKey'
  | 'incrementalStrategy'
  | 'onSchemaChange'
  | 'indexes'
  | 'unlogged'
  | 'fullRefresh'
  | 'refusal'
>

/** What a model's config may name besides what we know. */
export interface ModelConfigScope {
  readonly place: Place
  readonly source: string
  /** Whether the project defines a materialization of this name. */
  readonly isMaterialization: (name: string) => boolean
  /** Whether the project defines an incremental strategy of this name. */
  readonly isStrategy: (name: string) => boolean
  /** What a key that is probably misspelled means: in a project made for dbt, which lets it pass, a warning. */
  readonly misspelled: Severity
}

/** Reads the build configuration, saying what is not allowed. */
export function readModelConfig(
  config: Config,
  { place, source, isMaterialization, isStrategy, misspelled }: ModelConfigScope,
): { readonly build: ModelBuildConfig; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const refusals: Problem[] = []
  const refuse = (message: string, hint?: string, severity: Severity = 'error'): void => {
    problems.push(makeProblem('config-invalid', message, { place, source, severity, ...(hint && { hint }) }))
  }
  // dbt learns of a materialization or strategy that nobody knows when it runs the model.
  const isLenient = misspelled === 'warning'
  const choose = <T extends string>(key: string, allowed: readonly T[], fallback: T): T => {
    const value = config[key]
    if (value === undefined || value === null) return fallback
    if (allowed.includes(value as T)) return value as T
    const [message, hint] = [
      `${key}: ${JSON.stringify(value)} is not allowed`,
      `allowed: ${allowed.join(', ')}`,
    ] as const
    // On a change of columns dbt does nothing where it does not know the word.
    if (isLenient && key === 'on_schema_change') refuse(message, hint, 'warning')
    else if (isLenient) refusals.push(makeProblem('config-invalid', message, { place, source, hint }))
    else refuse(message, hint)
    return fallback
  }
  for (const key of Object.keys(config)) {
    if (knownKeys.includes(key)) continue
    // A key of the project's own may well contain a known one; only a slip of the pen is an error.
    const near = closestNames(key, knownKeys).find((known) => Math.abs(known.length - key.length) <= 2)
    if (near)
      refuse(
        `config key '${key}' is not known`,
        `did you mean '${near}'? keys of your own belong under meta`,
        misspelled,
      )
  }
  choose('unknown_columns', unknownColumnsChoices, 'warn')
  choose('on_change', changePolicies, 'forward_only')
  const uniqueKey = asStrings(config['unique_key']).filter((column) => column !== '')
  const materialized = isNamed(config['materialized'], isMaterialization)
    ? 'custom'
    : choose('materialized', materializations, 'view')
  const usualStrategy = uniqueKey.length > 0 ? 'delete+insert' : 'append'
  const incrementalStrategy = isNamed(config['incremental_strategy'], isStrategy)
    ? 'custom'
    : isLenient && materialized !== 'incremental'
      ? usualStrategy
      : choose('incremental_strategy', strategies, usualStrategy)
  // dbt learns of an index that cannot be made when it makes it, and makes none of a view.
  const refuseIndex = (message: string, hint?: string): void => {
    if (!isLenient) refuse(message, hint)
    else if (hasNoIndexes.includes(materialized)) refuse(message, hint, 'warning')
    else refusals.push(makeProblem('config-invalid', message, { place, source, ...(hint && { hint }) }))
  }
  const wrongIndex = isLenient && config['indexes'] ? indexesCheck(config['indexes']) : null
  if (wrongIndex) refuseIndex(`indexes ${wrongIndex.message}`, wrongIndex.hint)
  const indexes = readIndexes(config, wrongIndex ? () => {} : refuseIndex)
  const lacksKey =
    materialized === 'incremental' && needsKey.includes(incrementalStrategy) && uniqueKey.length === 0
  if (lacksKey && !isLenient)
    refuse(
      `incremental_strategy ${incrementalStrategy} needs a unique_key`,
      'unique_key: the column or list of columns that identifies a row',
    )
  if (
    config.full_refresh !== undefined &&
    config.full_refresh !== null &&
    typeof config.full_refresh !== 'boolean'
  )
    refuse(`full_refresh: ${JSON.stringify(config.full_refresh)} is not true or false`)
  return {
    problems,
    build: {
      materialized,
      uniqueKey,
      // In dbt a merge without a key matches nothing, so that all rows are new.
      incrementalStrategy: lacksKey ? 'append' : incrementalStrategy,
      onSchemaChange: choose('on_schema_change', schemaChanges, 'ignore'),
      indexes,
      unlogged: config.unlogged === true,
      ...(typeof config.full_refresh === 'boolean' && { fullRefresh: config.full_refresh }),
      ...(refusals[0] && { refusal: refusals[0] }),
    },
  }
}

/** Materializations that make no indexes, whatever the config says. */
const hasNoIndexes: readonly string[] = ['view', 'ephemeral', 'custom']

/** Strategies that replace rows, and so must know which. */
const needsKey: readonly IncrementalStrategy[] = ['merge']

function isNamed(value: unknown, isKnown: (name: string) => boolean): boolean {
  return typeof value === 'string' && isKnown(value)
}
