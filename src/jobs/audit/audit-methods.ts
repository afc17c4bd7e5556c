import {
  type Analyse,
  type AuditPlan,
  type AuditShare,
  auditShare,
  type MethodKey,
  mergeShares,
  sharesOf,
} from './audit-share.ts'
import type { Population } from './population.ts'
import { type Measured, share, type TallyResult, tallyResult } from './tally.ts'

export type { Analyse, AuditPlan }

/** How one method did on one outcome under one true lift. */
export interface AuditedMethod extends TallyResult, MethodKey {
  readonly lift: number
  readonly truth: number
}

/** How often looking every day found something, though there was nothing. */
export interface AuditedPeeking extends MethodKey {
  readonly looks: number
  readonly rejection: Measured
}

export interface Audit {
  readonly methods: readonly AuditedMethod[]
  readonly peeking: readonly AuditedPeeking[]
}

/** Draws replications under each lift, analyses them as the experiment is, and tells how the answers did. */
export function auditMethods(population: Population, plan: AuditPlan, analyse: Analyse): Audit {
  return auditOf(sharesOf(plan).map((part) => auditShare(population, plan, analyse, part)))
}

/** What all shares of an audit come to, in their order. */
export function auditOf(shares: readonly AuditShare[]): Audit {
  const { methods, peeking } = mergeShares(shares)
  return {
    methods: methods.map(({ tally, ...method }) => ({ ...method, ...tallyResult(tally) })),
    peeking: peeking.map(({ rejected, replications, ...method }) => ({
      ...method,
      rejection: share(rejected, replications),
    })),
  }
}
