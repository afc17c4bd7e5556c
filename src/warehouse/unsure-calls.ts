import type { Queryable } from './catalog.ts'
import { sql } from './sql.ts'

/**
 * Functions of PostgreSQL's own that are the same within a statement only, or that read the catalogue or settings, or
 * tables named in a string.
 */
const unsure =
  /^(now|transaction_timestamp|statement_timestamp|age|current_\w+|inet_\w+|pg_\w+|has_\w+|row_security_active|to_reg\w+|\w+_to_xml\w*|obj_description|col_description|shobj_description|format_type|txid_\w+|version|getpgusername|get_current_ts_config)$/

/** Which of the names stand for something that may give another value each time, each with what to say of it. */
export async function unsureCalls(
  on: Queryable,
  names: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const asked = [...new Set(names)]
  if (asked.length === 0) return new Map()
  const { rows } = await on.query<{ name: string; own: boolean; volatile: boolean }>(sql`
    select
      p.proname as name,
      bool_or(p.pronamespace <> 'pg_catalog'::regnamespace) as own,
      bool_or(p.provolatile = 'v') as volatile
    from pg_catalog.pg_proc p
    where p.proname = any(${asked}::text[])
    group by 1`)
  const found = new Map<string, string>()
  for (const name of asked) if (!/^[\w$]+$/.test(name)) found.set(name, `says ${name}`)
  for (const { name, own, volatile } of rows) {
    if (own) found.set(name, `calls ${name}(), which is not PostgreSQL's own`)
    else if (volatile || unsure.test(name)) found.set(name, `calls ${name}()`)
  }
  return found
}
