import type { Estimate } from '../../core/estimate.ts'
import type { DayRow } from '../../core/experiment-tables.ts'
import { drawReplication, type Replication, type ReplicationPlan } from './draw-replication.ts'
import { type Population, trueEffect } from './population.ts'
import { type Measured, makeTally, share, type TallyResult } from './tally.ts'

export interface AuditPlan extends Omit<ReplicationPlan, 'replication' | 'lift'> {
  readonly replications: number
  /** 0 for an A/A test, and any others, each of which is audited by itself. */
  readonly lifts: readonly number[]
}

/** What an experiment's analysis makes of its units; the audit runs the very same. */
export type Analyse = (replication: Replication) => {
  readonly estimates: readonly Estimate[]
  readonly days: readonly DayRow[]
}

/** How one method did on one outcome under one true lift. */
export interface AuditedMethod extends TallyResult {
  readonly outcome: string
  readonly method: string
  readonly scale: 'absolute' | 'relative'
  readonly ciKind: string
  readonly lift: number
  readonly truth: number
}

/** How often looking every day found something, though there was nothing. */
export interface AuditedPeeking {
  readonly outcome: string
  readonly method: string
  readonly scale: 'absolute' | 'relative'
  readonly ciKind: string
  readonly looks: number
  readonly rejection: Measured
}

export interface Audit {
  readonly methods: readonly AuditedMethod[]
  readonly peeking: readonly AuditedPeeking[]
}

/** Draws replications under each lift, analyses them as the experiment is, and tells how the answers did. */
export function auditMethods(
  population: Population,
  plan: AuditPlan,
  analyse: Analyse,
  progress: (done: number, of: number) => void = () => {},
): Audit {
  const methods = new Map<string, MethodTally>()
  const peeking = new Map<string, PeekTally>()
  for (const [number, lift] of plan.lifts.entries())
    for (let replication = 0; replication < plan.replications; replication++) {
      const { estimates, days } = analyse(drawReplication(population, { ...plan, replication, lift }))
      for (const estimate of estimates) tallyEstimate(methods, population, lift, estimate)
      if (lift === 0) tallyPeeking(peeking, days, replication)
      progress(number * plan.replications + replication + 1, plan.lifts.length * plan.replications)
    }
  return {
    methods: [...methods.values()].map(({ tally, ...method }) => ({ ...method, ...tally.result() })),
    peeking: [...peeking.values()].map(({ rejected, seen: _, ...method }) => ({
      ...method,
      rejection: share(rejected, plan.replications),
    })),
  }
}

type MethodTally = Omit<AuditedMethod, keyof TallyResult> & { readonly tally: ReturnType<typeof makeTally> }

function tallyEstimate(
  into: Map<string, MethodTally>,
  population: Population,
  lift: number,
  { estimand, outcome, method, scale, ciKind, estimate, ciLower, ciUpper }: Estimate,
): void {
  const audited = population.outcomes.find(({ name }) => name === outcome)
  if (!audited || (estimand !== 'ate' && estimand !== 'lift')) return
  if (scale !== 'absolute' && scale !== 'relative') return
  const key = JSON.stringify([outcome, method, scale, lift])
  const truth = trueEffect(audited, lift)[scale]
  let found = into.get(key)
  if (!found) {
    found = { outcome, method, scale, ciKind: ciKind ?? '', lift, truth, tally: makeTally() }
    into.set(key, found)
  }
  found.tally.add({ estimate, ciLower, ciUpper, truth })
}

interface PeekTally extends Omit<AuditedPeeking, 'rejection' | 'looks'> {
  looks: number
  rejected: number
  /** The replication that was last found to reject: it counts once. */
  seen: number
}

function tallyPeeking(into: Map<string, PeekTally>, days: readonly DayRow[], replication: number): void {
  const looks = new Map<string, number>()
  for (const { series, outcome, method, scale, ciKind, ciLower, ciUpper } of days) {
    if (series !== 'cumulative') continue
    const key = JSON.stringify([outcome, method, scale])
    looks.set(key, (looks.get(key) ?? 0) + 1)
    let found = into.get(key)
    if (!found) {
      found = { outcome, method, scale, ciKind: ciKind ?? '', looks: 0, rejected: 0, seen: -1 }
      into.set(key, found)
    }
    found.looks = Math.max(found.looks, looks.get(key)!)
    const rejects = (ciLower !== null && ciLower > 0) || (ciUpper !== null && ciUpper < 0)
    if (!rejects || found.seen === replication) continue
    found.rejected++
    found.seen = replication
  }
}
