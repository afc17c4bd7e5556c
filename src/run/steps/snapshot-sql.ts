import type { Relation } from '../../core/node.ts'
import type { SnapshotSpec } from '../../core/snapshot-spec.ts'
import {
  type CatalogColumn,
  isCurrent,
  relationIdent,
  type SQLQuery,
  sql,
  unsafeSql,
} from '../../warehouse/index.ts'

/*
 * The queries of a snapshot. `source_data` are the rows as they are now, `snapshotted_data` the versions that hold;
 * strategies compare the two under these names. What a version is called follows dbt to the letter, so that a
 * table that dbt began is carried on.
 */

/** How a snapshot tells rows apart and sees that they changed. */
export interface SnapshotStrategy {
  readonly keys: readonly SQLQuery[]
  /** When a row came to be as it is, in terms of the snapshot's query. */
  readonly updatedAt: SQLQuery
  /** Whether `source_data` differs from `snapshotted_data`. */
  readonly rowChanged: SQLQuery
}

/** What the queries of a run's changes are about. */
export interface VersionsRequest {
  readonly spec: SnapshotSpec
  readonly strategy: SnapshotStrategy
  /** The rows as they are now. */
  readonly source: Relation
  readonly sourceColumns: readonly CatalogColumn[]
  readonly published: Relation
  readonly publishedColumns: readonly CatalogColumn[]
  /** When the run looked, as SQL. */
  readonly now: SQLQuery
}

/** The first versions of all rows. */
export function firstVersionsQuery(
  spec: SnapshotSpec,
  strategy: SnapshotStrategy,
  query: SQLQuery,
): SQLQuery {
  const { metaColumns: meta } = spec
  const { updatedAt } = strategy
  const added = [
    sql`${scdId([...strategy.keys, updatedAt])} as ${sql.ident(meta.scdId)}`,
    sql`${updatedAt} as ${sql.ident(meta.updatedAt)}`,
    sql`${updatedAt} as ${sql.ident(meta.validFrom)}`,
    sql`${openEnd(updatedAt, spec)} as ${sql.ident(meta.validTo)}`,
    ...(spec.hardDeletes === 'new_record' ? [sql`'False' as ${sql.ident(meta.isDeleted)}`] : []),
  ]
  return sql`select *, ${sql.join(added, ', ')}\nfrom (\n${query}\n) as sbq`
}

/** The versions that end now: the columns scd_id and valid_to. */
export function endedVersionsQuery(request: VersionsRequest): SQLQuery {
  const { spec, now } = request
  const { scdId } = spec.metaColumns
  const deleted = sql`
    union all
    select snapshotted_data.${sql.ident(scdId)}, ${now}
    from snapshotted_data
    left join source_data on ${sameKey(request)}
    where source_data.estimand_key_1 is null${notMarkedDeleted(spec)}`
  return sql`${withBoth(request)}
  select scd_id, max(valid_to) as valid_to
  from (
    select snapshotted_data.${sql.ident(scdId)} as scd_id, source_data.estimand_updated_at as valid_to
    from source_data
    join snapshotted_data on ${sameKey(request)}
    where ${changed(request)}${spec.hardDeletes === 'ignore' ? sql`` : deleted}
  ) as ended
  group by scd_id`
}

/** The versions that begin now, with the columns of `begunColumns`. */
export function begunVersionsQuery(request: VersionsRequest): SQLQuery {
  const { spec, sourceColumns, strategy } = request
  const { metaColumns: meta } = spec
  const updatedAt = sql`source_data.estimand_updated_at`
  const columns = [
    ...sourceColumns.map(({ name }) => sql`source_data.${sql.ident(name)}`),
    sql`${updatedAt} as ${sql.ident(meta.updatedAt)}`,
    sql`${updatedAt} as ${sql.ident(meta.validFrom)}`,
    sql`${openEnd(updatedAt, spec)} as ${sql.ident(meta.validTo)}`,
    sql`${scdId([...strategy.keys.map((_, index) => keyOf('source_data', index)), updatedAt])} as ${sql.ident(meta.scdId)}`,
    ...(spec.hardDeletes === 'new_record' ? [sql`'False' as ${sql.ident(meta.isDeleted)}`] : []),
  ]
  return sql`${withBoth(request)}
  select ${sql.join(columns, ', ')}
  from source_data
  left join snapshotted_data on ${sameKey(request)}
  where snapshotted_data.estimand_key_1 is null or ${changed(request)}${
    spec.hardDeletes === 'new_record' ? sql`\n  union all\n  ${deletionRecords(request)}` : sql``
  }`
}

/** The names of a new version's columns. */
export function begunColumns({
  sourceColumns,
  spec,
}: Pick<VersionsRequest, 'sourceColumns' | 'spec'>): string[] {
  const { updatedAt, validFrom, validTo, scdId, isDeleted } = spec.metaColumns
  return [
    ...sourceColumns.map(({ name }) => name),
    updatedAt,
    validFrom,
    validTo,
    scdId,
    ...(spec.hardDeletes === 'new_record' ? [isDeleted] : []),
  ]
}

/** The snapshot as it will be: for whoever reads it before it is published. */
export function snapshotPreviewQuery(
  { spec, published }: Pick<VersionsRequest, 'spec' | 'published'>,
  columns: readonly CatalogColumn[],
  existing: readonly CatalogColumn[],
  begun: Relation,
  begunNames: readonly string[],
  ended: Relation,
): SQLQuery {
  const { validTo, scdId } = spec.metaColumns
  const old = columns.map(({ name, type }) => {
    const column = sql`version.${sql.ident(name)}`
    if (!existing.some((other) => other.name === name))
      return sql`null::${unsafeSql(type)} as ${sql.ident(name)}`
    if (name !== validTo) return sql`${column}::${unsafeSql(type)} as ${sql.ident(name)}`
    return sql`coalesce(ended.valid_to::${unsafeSql(type)}, ${column}) as ${sql.ident(name)}`
  })
  const fresh = columns.map(({ name, type }) =>
    begunNames.includes(name)
      ? sql`begun.${sql.ident(name)}::${unsafeSql(type)} as ${sql.ident(name)}`
      : sql`null::${unsafeSql(type)} as ${sql.ident(name)}`,
  )
  return sql`select ${sql.join(old, ', ')}
from ${relationIdent(published)} as version
left join ${relationIdent(ended)} as ended
  on ended.scd_id::text = version.${sql.ident(scdId)}::text and ${isCurrent(sql`version`, end(spec))}
union all
select ${sql.join(fresh, ', ')}
from ${relationIdent(begun)} as begun`
}

function end({ metaColumns, validToCurrent }: SnapshotSpec) {
  return { validToColumn: metaColumns.validTo, ...(validToCurrent !== undefined && { validToCurrent }) }
}

/** Both sides with their keys, and for the rows as they are now, when they came to be so. */
function withBoth({ spec, strategy, source, published }: VersionsRequest): SQLQuery {
  const keys = sql.join(
    strategy.keys.map((key, index) => sql`${key} as ${sql.ident(`estimand_key_${index + 1}`)}`),
    ', ',
  )
  return sql`with source_data as (
    select *, ${keys}, ${strategy.updatedAt} as estimand_updated_at
    from ${relationIdent(source)}
  ),
  snapshotted_data as (
    select *, ${keys}
    from ${relationIdent(published)} as version
    where ${isCurrent(sql`version`, end(spec))}
  )`
}

function keyOf(side: 'source_data' | 'snapshotted_data', index: number): SQLQuery {
  return sql.ident(side, `estimand_key_${index + 1}`)
}

function sameKey({ strategy }: VersionsRequest): SQLQuery {
  return sql.join(
    strategy.keys.map(
      (_, index) => sql`${keyOf('snapshotted_data', index)} = ${keyOf('source_data', index)}`,
    ),
    ' AND ',
  )
}

/** A row that comes back after it was marked as deleted is a change, too. */
function changed({ spec, strategy }: VersionsRequest): SQLQuery {
  if (spec.hardDeletes !== 'new_record') return sql`(${strategy.rowChanged})`
  return sql`(${strategy.rowChanged} or snapshotted_data.${sql.ident(spec.metaColumns.isDeleted)} = 'True')`
}

function notMarkedDeleted({ hardDeletes, metaColumns }: SnapshotSpec): SQLQuery {
  if (hardDeletes !== 'new_record') return sql``
  return sql`
      and snapshotted_data.${sql.ident(metaColumns.isDeleted)} is distinct from 'True'`
}

/** For rows that are gone: a version that says so, with the last values. */
function deletionRecords(request: VersionsRequest): SQLQuery {
  const { spec, sourceColumns, publishedColumns, now } = request
  const { metaColumns: meta } = spec
  const columns = [
    ...sourceColumns.map(({ name, type }) =>
      publishedColumns.some((column) => column.name === name)
        ? sql`snapshotted_data.${sql.ident(name)}`
        : sql`null::${unsafeSql(type)}`,
    ),
    now,
    now,
    sql`snapshotted_data.${sql.ident(meta.validTo)}`,
    scdId([sql`snapshotted_data.${sql.ident(meta.scdId)}`, now]),
    sql`'True'`,
  ]
  return sql`select ${sql.join(columns, ', ')}
  from snapshotted_data
  left join source_data on ${sameKey(request)}
  where source_data.estimand_key_1 is null${notMarkedDeleted(spec)}`
}

/** The end of a version that holds: null, or what is configured instead. */
function openEnd(updatedAt: SQLQuery, { validToCurrent }: SnapshotSpec): SQLQuery {
  const current = validToCurrent === undefined ? sql`null` : unsafeSql(validToCurrent)
  // The type is that of the time, which null alone would not have.
  return sql`coalesce(nullif(${updatedAt}, ${updatedAt}), ${current})`
}

function scdId(parts: readonly SQLQuery[]): SQLQuery {
  const texts = parts.map((part) => sql`coalesce(cast(${part} as varchar), '')`)
  return sql`md5(${sql.join(texts, sql` || '|' || `)})`
}
