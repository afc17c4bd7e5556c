import { doShares } from '../../threads/do-shares.ts'
import type { CausalAuditThread } from './audit-causal.ts'
import { auditCausalShare } from './audit-causal-share.ts'

/* A thread that does shares of a causal question's audit. */

await doShares(
  ({ input, shares }: CausalAuditThread) =>
    (index) =>
      auditCausalShare(input, shares[index]!),
)
