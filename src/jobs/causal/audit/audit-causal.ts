import type { SimulatedRefuter } from '../../../stats/causal/refuters/perturbation.ts'
import { mergeTally, type TallyResult, tallyResult } from '../../audit/tally.ts'
import { inSharedMemory } from '../../threads/in-shared-memory.ts'
import { shareWork } from '../../threads/share-work.ts'
import {
  auditCausalShare,
  type CausalAuditInput,
  type CausalAuditShare,
  type CausalShare,
  type TalliedEstimator,
  type TalliedRefuter,
} from './audit-causal-share.ts'

/** How one method did on one outcome. */
export interface AuditedEstimator extends TallyResult, Omit<TalliedEstimator, 'tally'> {}

/** What a refuter found over the replications, one simulation in each. */
export interface AuditedRefuter {
  readonly outcome: string
  readonly method: string
  readonly refuter: SimulatedRefuter
  /** Mean of what it found, less the estimate where it should not change that; with its Monte Carlo error. */
  readonly mean: number
  readonly error: number
  /** Spread of what it found. */
  readonly spread: number
}

export interface CausalAudit {
  readonly estimators: readonly AuditedEstimator[]
  readonly refuters: readonly AuditedRefuter[]
}

/** How an audit is carried out. */
export interface CausalAuditThreads {
  readonly threads?: number
  readonly progress?: (done: number, of: number) => void
}

/** What a thread is given. */
export interface CausalAuditThread {
  readonly input: CausalAuditInput
  readonly shares: readonly CausalShare[]
}

const replicationsPerShare = 5

/**
 * Draws units with replacement, treats each with its own probability, and lets every estimator answer: what a repetition
 * of the same history would have shown. The truth is that of the population, whatever units were drawn. The number of
 * threads makes no difference to any digit.
 */
export async function auditCausal(
  input: CausalAuditInput,
  replications: number,
  { threads = 1, progress = () => {} }: CausalAuditThreads = {},
): Promise<CausalAudit> {
  const shares = Array.from({ length: Math.ceil(replications / replicationsPerShare) }, (_, index) => ({
    from: index * replicationsPerShare,
    to: Math.min(replications, (index + 1) * replicationsPerShare),
  }))
  const done: CausalAuditShare[] = []
  let count = 0
  const take = (index: number, share: CausalAuditShare): void => {
    done[index] = share
    count += shares[index]!.to - shares[index]!.from
    progress(count, replications)
  }
  if (Math.min(threads, shares.length) <= 1)
    for (const [index, share] of shares.entries()) take(index, await auditCausalShare(input, share))
  else {
    const work: CausalAuditThread = {
      shares,
      input: { ...input, population: inSharedMemory(input.population) },
    }
    const worker = 'causal/audit/causal-audit-worker.js'
    await shareWork(work, { worker, shares: shares.length, threads, take })
  }
  return together(done)
}

/** What all shares come to, in their order. */
function together(shares: readonly CausalAuditShare[]): CausalAudit {
  const estimators = new Map<string, TalliedEstimator>()
  const refuters = new Map<string, TalliedRefuter>()
  for (const share of shares) {
    for (const one of share.estimators) {
      const key = JSON.stringify([one.outcome, one.estimand, one.method])
      const found = estimators.get(key)
      if (found) mergeTally(found.tally, one.tally)
      else estimators.set(key, { ...one, tally: { ...one.tally } })
    }
    for (const one of share.refuters) {
      const key = JSON.stringify([one.outcome, one.method, one.refuter])
      const found = refuters.get(key)
      if (found) found.found.push(...one.found)
      else refuters.set(key, { ...one, found: [...one.found] })
    }
  }
  return {
    estimators: [...estimators.values()].map(({ tally, ...about }) => ({ ...about, ...tallyResult(tally) })),
    refuters: [...refuters.values()].map(({ found, ...about }) => ({ ...about, ...summaryOf(found) })),
  }
}

function summaryOf(found: readonly number[]): Pick<AuditedRefuter, 'mean' | 'error' | 'spread'> {
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length
  const spread = Math.sqrt(found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (found.length - 1))
  return { mean, error: spread / Math.sqrt(found.length), spread }
}
