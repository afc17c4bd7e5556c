import type { Queryable } from '../catalog.ts'
import { sql } from '../sql.ts'
import type { Grant } from './relation-state.ts'

/**
 * What ALTER DEFAULT PRIVILEGES grants on new tables of a schema. A table that is built elsewhere and moved in
 * would not get it, and whoever set it up counts on every table having it.
 */
export async function defaultGrants(on: Queryable, schema: string): Promise<Grant[]> {
  const { rows } = await on.query<Grant>(sql`
    select
      case when acl.grantee <> 0 then pg_get_userbyid(acl.grantee) end as grantee,
      acl.privilege_type as privilege,
      acl.is_grantable as grantable,
      null as column
    from pg_catalog.pg_default_acl d
    join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
    cross join lateral aclexplode(d.defaclacl) as acl
    where n.nspname = ${schema}
      and d.defaclobjtype = 'r'
      and d.defaclrole = current_user::regrole
      and acl.grantee <> d.defaclrole`)
  return rows
}
