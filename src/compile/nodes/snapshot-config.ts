import type { SnapshotHardDeletes, SnapshotSpec } from '../../core/snapshot-spec.ts'
import { asStrings, type Config, isMap } from '../config-tree.ts'

const hardDeletes: readonly SnapshotHardDeletes[] = ['ignore', 'invalidate', 'new_record']

/** Reads how a snapshot is taken from its config, telling `refuse` what is missing or not allowed. */
export function readSnapshotSpec(
  config: Config,
  refuse: (message: string, hint: string) => void,
): SnapshotSpec {
  const {
    strategy,
    updated_at: updatedAt,
    check_cols: checkCols,
    dbt_valid_to_current: validToCurrent,
  } = config
  const uniqueKey = asStrings(config['unique_key'])
  if (typeof strategy !== 'string') refuse("it needs a 'strategy'", 'timestamp or check')
  if (uniqueKey.length === 0)
    refuse("it needs a 'unique_key'", 'the column, or list of columns, that identifies a row')
  if (strategy === 'timestamp' && checkCols !== undefined && checkCols !== null)
    refuse("the strategy timestamp has no 'check_cols'", 'leave it out, or write strategy: check')
  if (strategy === 'timestamp' && typeof updatedAt !== 'string')
    refuse("the strategy timestamp needs 'updated_at'", 'the column that grows when a row changes')
  if (strategy === 'check' && checkCols !== 'all' && (!Array.isArray(checkCols) || checkCols.length === 0))
    refuse("the strategy check needs 'check_cols'", "a list of columns, or 'all'")
  return {
    strategy: typeof strategy === 'string' ? strategy : 'timestamp',
    uniqueKey,
    ...(typeof updatedAt === 'string' && { updatedAt }),
    checkCols: checkCols === 'all' ? 'all' : asStrings(checkCols),
    hardDeletes: hardDeletesOf(config, refuse),
    ...(typeof validToCurrent === 'string' && { validToCurrent }),
    metaColumns: metaColumnsOf(config['snapshot_meta_column_names']),
  }
}

function hardDeletesOf(
  { hard_deletes: written, invalidate_hard_deletes: older }: Config,
  refuse: (message: string, hint: string) => void,
): SnapshotHardDeletes {
  if (written === undefined || written === null) return older === true ? 'invalidate' : 'ignore'
  if (older !== undefined && older !== null)
    refuse(
      'it has both hard_deletes and invalidate_hard_deletes',
      'leave the older invalidate_hard_deletes out',
    )
  const known = hardDeletes.find((one) => one === written)
  if (!known)
    refuse(`hard_deletes: ${JSON.stringify(written)} is not allowed`, `allowed: ${hardDeletes.join(', ')}`)
  return known ?? 'ignore'
}

function metaColumnsOf(value: unknown): SnapshotSpec['metaColumns'] {
  const names = isMap(value) ? value : {}
  const named = (key: string): string => (typeof names[key] === 'string' ? names[key] : key)
  return {
    validFrom: named('dbt_valid_from'),
    validTo: named('dbt_valid_to'),
    scdId: named('dbt_scd_id'),
    updatedAt: named('dbt_updated_at'),
    isDeleted: named('dbt_is_deleted'),
  }
}
