import type { Queryable } from '../catalog.ts'
import { columnList, relationIdent } from '../relation-sql.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import { columnChanges } from './apply-delta.ts'
import type { ApplyVersions } from './publish-action.ts'

/*
 * The changes of a snapshot go into its published table: versions that ended get their end, then the versions
 * that begin are added. A version that has ended already is left alone.
 */

/** Runs the statements of a snapshot's changes. */
export async function applyVersions(on: Queryable, change: ApplyVersions): Promise<void> {
  for (const statement of columnChanges(change)) await on.query(statement)
  for (const statement of versionStatements(change)) await on.query(statement)
}

/** The statements that write the versions. */
export function versionStatements(change: ApplyVersions): SQLQuery[] {
  const { build, ended, published, columns, scdIdColumn, validToColumn } = change
  return [
    sql`update ${relationIdent(published)} as version
set ${sql.ident(validToColumn)} = ended.valid_to
from ${relationIdent(ended)} as ended
where ended.scd_id::text = version.${sql.ident(scdIdColumn)}::text
  and ${isCurrent(sql`version`, change)}`,
    sql`insert into ${relationIdent(published)} (${columnList(columns)})
select ${columnList(columns)}
from ${relationIdent(build)}`,
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
