import { type SQLQuery, sql } from '../../warehouse/index.ts'

/** Whose DAGs: two projects, or two schemas of one, may share a database. */
export interface DagOwner {
  readonly project: string
  readonly schema: string
}

/** Whether a row of the table with this alias is of the owner. */
export function isOf(alias: SQLQuery, { project, schema }: DagOwner): SQLQuery {
  return sql`${alias}.project = ${project} and ${alias}.target_schema = ${schema}`
}
