import { columnList, relationIdent } from '../relation-sql.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { RowChange } from './keep-rows.ts'
import type { ApplyVersions } from './publish-action.ts'

/*
 * The changes of a snapshot go into its published table: versions that ended get their end, then the versions
 * that begin are added. A version that has ended already is left alone.
 */

/** What writes the versions. */
export function changesOfVersions(change: ApplyVersions): readonly RowChange[] {
  const { build, ended, published, columns, scdIdColumn, validToColumn } = change
  const version = sql.ident('version')
  const isEnded = sql`ended.scd_id::text = version.${sql.ident(scdIdColumn)}::text
  and ${isCurrent(version, change)}`
  return [
    {
      statement: sql`update ${relationIdent(published)} as version
set ${sql.ident(validToColumn)} = ended.valid_to
from ${relationIdent(ended)} as ended
where ${isEnded}`,
      writes: true,
      takes: {
        alias: 'version',
        condition: sql`exists (select from ${relationIdent(ended)} as ended where ${isEnded})`,
      },
    },
    {
      statement: sql`insert into ${relationIdent(published)} (${columnList(columns)})
select ${columnList(columns)}
from ${relationIdent(build)}`,
      writes: true,
    },
  ]
}

/** Whether a version still holds. */
export function isCurrent(
  version: SQLQuery,
  { validToColumn, validToCurrent }: Pick<ApplyVersions, 'validToColumn' | 'validToCurrent'>,
): SQLQuery {
  const end = sql`${version}.${sql.ident(validToColumn)}`
  return validToCurrent === undefined
    ? sql`${end} is null`
    : sql`(${end} = ${unsafeSql(validToCurrent)} or ${end} is null)`
}
