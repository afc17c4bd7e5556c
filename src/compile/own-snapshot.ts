import { didYouMean } from '../core/did-you-mean.ts'
import type { SnapshotNode } from '../core/node.ts'
import type { Macros } from './macros.ts'
import type { Templates } from './templates.ts'

/*
 * Whether a project takes its snapshots as everybody does, or has macros by which dbt would take them otherwise.
 */

/** What dbt builds a snapshot's statements from; a project may replace any of them. */
const pieces = [
  'build_snapshot_staging_table',
  'build_snapshot_table',
  'create_columns',
  'current_timestamp',
  'equals',
  'get_dbt_valid_to_current',
  'get_snapshot_table_column_names',
  'get_true_sql',
  'post_snapshot',
  'snapshot_check_all_get_existing_columns',
  'snapshot_get_time',
  'snapshot_hash_arguments',
  'snapshot_merge_sql',
  'snapshot_staging_table',
  'snapshot_string_as_time',
  'strategy_dispatch',
  'unique_key_fields',
  'unique_key_is_not_null',
  'unique_key_is_null',
  'unique_key_join_on',
]

const names = pieces.flatMap((piece) => [piece, `postgres__${piece}`, `default__${piece}`])

/** Whether macros of the project, or of a package that it dispatches to, have a part in how the snapshot is taken. */
export function takesOwnSnapshot(
  { macros, projectName, dispatchedTo }: Pick<Templates, 'macros' | 'projectName' | 'dispatchedTo'>,
  { package: packageName, spec: { strategy } }: SnapshotNode,
): boolean {
  if (macros.findMaterialization('snapshot', packageName)) return true
  const [name, space] = strategy.split('.').reverse() as [string, string | undefined]
  if (space !== undefined) return true
  const homes = new Set([projectName, packageName, ...dispatchedTo('dbt')])
  const isOwn = (macro: string): boolean =>
    [...homes].some((home) => macros.inPackage(home, macro) !== undefined)
  return isOwn(strategyMacro(name)) || names.some(isOwn)
}

/** Why a strategy cannot be followed; null when it can. */
export function unknownStrategy(
  macros: Macros,
  strategy: string,
  packageName: string,
): [string, string] | null {
  const [name, space] = strategy.split('.').reverse() as [string, string | undefined]
  const macro = strategyMacro(name)
  const found = space === undefined ? macros.find(macro, packageName) : macros.inPackage(space, macro)
  if (found) return null
  const known = macros.strategies()
  const hint = didYouMean(strategy, known) ?? `there are the strategies ${known.join(', ')}`
  return [`there is no macro ${space === undefined ? '' : `${space}.`}${macro}`, hint]
}

function strategyMacro(name: string): string {
  return `snapshot_${name}_strategy`
}
