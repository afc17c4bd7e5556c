import { doShares } from '../threads/do-shares.ts'
import { auditShares } from './audit-in-threads.ts'

/* A thread that does shares of an audit. */

await doShares(auditShares)
