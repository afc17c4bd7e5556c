import type { Queryable } from '../catalog.ts'
import { sql } from '../sql.ts'
import type { Grant } from './relation-state.ts'

/**
 * What ALTER DEFAULT PRIVILEGES grants on new tables and views of each schema. One that is built elsewhere and moved
 * in would not get it, and whoever set it up counts on every table having it.
 */
export async function defaultGrants(
  on: Queryable,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, readonly Grant[]>> {
  if (schemas.length === 0) return new Map()
  const { rows } = await on.query<{ schema: string; grants: Grant[] }>(sql`
    select
      n.nspname as schema,
      json_agg(json_build_object(
        'grantee', case when acl.grantee <> 0 then pg_get_userbyid(acl.grantee) end,
        'privilege', acl.privilege_type,
        'grantable', acl.is_grantable,
        'column', null
      )) as grants
    from pg_catalog.pg_default_acl d
    join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
    cross join lateral aclexplode(d.defaclacl) as acl
    where n.nspname = any(${[...new Set(schemas)]}::text[])
      and d.defaclobjtype = 'r'
      and d.defaclrole = current_user::regrole
      and acl.grantee <> d.defaclrole
    group by 1`)
  return new Map(rows.map(({ schema, grants }) => [schema, grants]))
}
