import { type SQLQuery, sql } from '../warehouse/index.ts'

/*
 * The advisory locks of leases, as two numbers each: what it is about, and the token of the lease. The first ones
 * are letters, which no other program is likely to have chosen.
 */

/** Held by the control session of a lease as long as it lives; with 0 for a moment, by whoever gets a token. */
export const leaseLock = 0x6c_65_61_73
/** Shared by all sessions that work for a lease. */
export const sessionLock = 0x73_65_73_73
/** Held by whoever publishes. */
export const publicationLock = 0x70_75_62_6c
/** Held by the scheduler that fires, with the number of its project's lease. */
export const schedulerLock = 0x73_63_68_65
/** Held by a worker, with its number. */
export const workerLock = 0x77_6f_72_6b
/** Held for a moment by whoever hands out steps of DAGs. */
export const handOutLock = 0x68_61_6e_64

/** Which sessions of this database hold a lock; a row of pg_locks under the name `l`. */
export function isHeld(kind: number, token: SQLQuery): SQLQuery {
  return sql`l.locktype = 'advisory'
    and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
    and l.classid = ${kind}::oid
    and l.objid = ${token}::oid
    and l.objsubid = 2
    and l.granted`
}
