import type { Estimate } from '../../core/estimate.ts'
import type { DayFinding } from '../experiment/lift-over-time.ts'
import { drawReplication, type Replication, type ReplicationPlan } from './draw-replication.ts'
import { type Population, trueEffect } from './population.ts'
import { addAnswer, emptyTally, mergeTally, type Tally } from './tally.ts'

/*
 * An audit is cut into shares of a fixed number of replications, each of which can be done by itself: by one thread
 * after the other or by many, the sums of the shares are merged in the same order and come to the same.
 */

export interface AuditPlan extends Omit<ReplicationPlan, 'replication' | 'lift'> {
  readonly replications: number
  /** 0 for an A/A test, and any others, each of which is audited by itself. */
  readonly lifts: readonly number[]
  readonly ciLevel: number
}

/** What an experiment's analysis makes of its units; the audit runs the very same. */
export type Analyse = (
  replication: Replication,
  /** Whether looking every day is asked about. */
  looksDaily: boolean,
) => {
  readonly estimates: readonly Estimate[]
  readonly days: readonly DayFinding[]
}

/** Replications of one lift, from one number up to another. */
export interface Share {
  readonly lift: number
  readonly from: number
  readonly to: number
}

/** What a method is known by. */
export interface MethodKey {
  readonly outcome: string
  readonly method: string
  readonly scale: 'absolute' | 'relative'
  readonly ciKind: string
}

export interface MethodShare extends MethodKey {
  readonly lift: number
  readonly truth: number
  readonly tally: Tally
}

export interface PeekingShare extends MethodKey {
  looks: number
  replications: number
  rejected: number
}

/** What a share of the replications came to: plain data. */
export interface AuditShare {
  readonly methods: readonly MethodShare[]
  readonly peeking: readonly PeekingShare[]
}

const replicationsPerShare = 10

/** The shares of an audit, in the order in which they are merged. */
export function sharesOf({ lifts, replications }: Pick<AuditPlan, 'lifts' | 'replications'>): Share[] {
  return lifts.flatMap((lift) =>
    Array.from({ length: Math.ceil(replications / replicationsPerShare) }, (_, index) => ({
      lift,
      from: index * replicationsPerShare,
      to: Math.min(replications, (index + 1) * replicationsPerShare),
    })),
  )
}

/** Draws and analyses the replications of one share. */
export function auditShare(
  population: Population,
  plan: AuditPlan,
  analyse: Analyse,
  { lift, from, to }: Share,
): AuditShare {
  const methods = new Map<string, MethodShare>()
  const peeking = new Map<string, PeekingShare>()
  for (let replication = from; replication < to; replication++) {
    const { estimates, days } = analyse(
      drawReplication(population, { ...plan, replication, lift }),
      lift === 0,
    )
    for (const estimate of estimates) tallyEstimate(methods, population, { lift, ...plan }, estimate)
    if (lift === 0) tallyPeeking(peeking, days)
  }
  return { methods: [...methods.values()], peeking: [...peeking.values()] }
}

/** Adds up shares in their order. */
export function mergeShares(shares: readonly AuditShare[]): AuditShare {
  const methods = new Map<string, MethodShare>()
  const peeking = new Map<string, PeekingShare>()
  for (const share of shares) {
    for (const row of share.methods) {
      const key = JSON.stringify([keyOf(row), row.lift])
      const found = methods.get(key)
      if (!found) methods.set(key, { ...row, tally: { ...row.tally } })
      else {
        mergeTally(found.tally, row.tally)
        // Where the first share was refused throughout, it did not know the kind of interval.
        if (found.ciKind === '') methods.set(key, { ...found, ciKind: row.ciKind })
      }
    }
    for (const row of share.peeking) {
      const found = peeking.get(keyOf(row))
      if (!found) peeking.set(keyOf(row), { ...row })
      else {
        found.looks = Math.max(found.looks, row.looks)
        found.replications += row.replications
        found.rejected += row.rejected
        if (found.ciKind === '') peeking.set(keyOf(row), { ...found, ciKind: row.ciKind })
      }
    }
  }
  return { methods: [...methods.values()], peeking: [...peeking.values()] }
}

function keyOf({ outcome, method, scale }: Omit<MethodKey, 'ciKind'>): string {
  return JSON.stringify([outcome, method, scale])
}

function tallyEstimate(
  into: Map<string, MethodShare>,
  population: Population,
  { lift, ciLevel }: { readonly lift: number; readonly ciLevel: number },
  row: Estimate,
): void {
  const { estimand, outcome, method, scale, ciKind, estimate, ciLower, ciUpper, pValue } = row
  const audited = population.outcomes.find(({ name }) => name === outcome)
  if (!audited || (estimand !== 'ate' && estimand !== 'lift')) return
  if (scale !== 'absolute' && scale !== 'relative') return
  const key = keyOf({ outcome, method, scale })
  let found = into.get(key)
  if (!found || (found.ciKind === '' && ciKind !== null)) {
    const truth = trueEffect(audited, lift)[scale]
    const tally = found?.tally ?? emptyTally()
    found = { outcome, method, scale, ciKind: ciKind ?? '', lift, truth, tally }
    into.set(key, found)
  }
  addAnswer(found.tally, { estimate, ciLower, ciUpper, pValue, truth: found.truth }, 1 - ciLevel)
}

/** Counts a replication once for a method whose interval left out the truth (nothing, if not said) on any of its days. */
export function tallyPeeking(
  into: Map<string, PeekingShare>,
  days: readonly DayFinding[],
  truthOf: (key: Omit<MethodKey, 'ciKind'>) => number = () => 0,
): void {
  const looks = new Map<string, number>()
  const rejecting = new Set<string>()
  for (const { series, outcome, method, scale, ciKind, ciLower, ciUpper } of days) {
    if (series !== 'cumulative') continue
    const key = keyOf({ outcome, method, scale })
    const truth = truthOf({ outcome, method, scale })
    looks.set(key, (looks.get(key) ?? 0) + 1)
    if ((ciLower !== null && ciLower > truth) || (ciUpper !== null && ciUpper < truth)) rejecting.add(key)
    const found = into.get(key)
    if (!found || (found.ciKind === '' && ciKind !== null))
      into.set(key, {
        ...{ outcome, method, scale, ciKind: ciKind ?? '' },
        ...{ looks: 0, replications: found?.replications ?? 0, rejected: found?.rejected ?? 0 },
      })
  }
  for (const [key, count] of looks) {
    const found = into.get(key)!
    found.looks = Math.max(found.looks, count)
    found.replications++
    if (rejecting.has(key)) found.rejected++
  }
}
