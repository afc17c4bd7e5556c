import type { Estimate } from '../../../core/estimate.ts'
import type { HealthRow } from '../../../core/experiment-tables.ts'
import { makeRandom } from '../../../stats/index.ts'
import { analyseExperiment, type ExperimentTables } from '../../experiment/analyse-experiment.ts'
import { wholePopulation } from '../../experiment/data/cell-index.ts'
import type { Evidence } from '../../experiment/data/evidence.ts'
import { needsRows } from '../../experiment/data/needs-rows.ts'
import type { Scale } from '../../experiment/methods/method.ts'
import {
  type AuditShare,
  type MethodKey,
  type MethodShare,
  type PeekingShare,
  type Share,
  tallyPeeking,
} from '../audit-share.ts'
import { replicationCells } from '../replication-cells.ts'
import { replicationRows } from '../replication-rows.ts'
import { type Answer, addAnswer, emptyTally } from '../tally.ts'
import { isBelieved } from './believed.ts'
import { type Design, type Draw, drawnOutcomes } from './design.ts'

/*
 * Replications of a design, each analysed by the very function that makes a declared experiment's tables. Audited is
 * all that has a truth: effects, their differences between segments, tests of what is not there, checks, decisions.
 */

export interface DesignPlan {
  readonly seed: number
  readonly replications: number
}

/** What is audited of one row, with the truth that it should have found. */
interface AuditedAnswer {
  readonly key: MethodKey
  readonly answer: Answer
}

const origin = { job: '', runId: '', asOf: '' }

/** Draws and analyses the replications of one share. */
export function auditDesignShare(
  design: Design,
  { seed }: Pick<DesignPlan, 'seed'>,
  { lift, from, to }: Share,
): AuditShare {
  const methods = new Map<string, MethodShare>()
  const peeking = new Map<string, PeekingShare>()
  const alpha = 1 - design.spec.ciLevel
  for (let replication = from; replication < to; replication++) {
    const draw = design.draw(makeRandom(seed, replication), lift)
    const tables = analyseExperiment(specOf(design, replication), evidenceOf(design, draw), origin)
    for (const { key, answer } of answersOf(design, draw, tables, replication)) {
      const name = JSON.stringify([key.outcome, key.method, key.scale])
      let found = methods.get(name)
      if (!found || (found.ciKind === '' && key.ciKind !== ''))
        found = { ...key, lift, truth: found?.truth ?? answer.truth, tally: found?.tally ?? emptyTally() }
      methods.set(name, found)
      addAnswer(found.tally, answer, alpha)
    }
    tallyPeeking(peeking, tables.days, ({ outcome, scale }) => effectFor(draw, outcome, scale) ?? 0)
  }
  return { methods: [...methods.values()], peeking: [...peeking.values()] }
}

/** What is resampled is resampled anew in each replication, so that its luck is not that of all. */
function specOf({ spec }: Design, replication: number): Design['spec'] {
  return {
    ...spec,
    bootstrap: { ...spec.bootstrap, seed: replication + 1 },
    permutation: { ...spec.permutation, seed: replication + 1 },
  }
}

function evidenceOf({ spec }: Design, { replication, days }: Draw): Evidence {
  const outcomes = drawnOutcomes(spec, replication)
  const cells = replicationCells({ days, outcomes }, replication)
  const facts = { units: replication.n, crossovers: null, duplicates: null, exposedBefore: null }
  const rows = needsRows(spec) ? replicationRows({ outcomes }, replication) : null
  return { cells, facts, tops: [], sinceExposure: [], rows }
}

function answersOf(
  design: Design,
  draw: Draw,
  tables: ExperimentTables,
  replication: number,
): AuditedAnswer[] {
  return [
    ...tables.estimates
      // What has another prior than the truth is right to miss it.
      .filter(
        ({ ciKind, method, outcome }) =>
          !design.isBelieved || ciKind !== 'credible' || isBelieved(method, outcome),
      )
      .flatMap((row) => estimateAnswers(draw, row, replication)),
    ...(design.isBelieved ? tables.estimates.flatMap((row) => beliefAnswers(draw, row)) : []),
    ...healthAnswers(tables.health),
    ...tables.decisions
      .filter(({ segmentName }) => segmentName === null)
      .flatMap(({ decision }) =>
        (['ship', 'roll_back'] as const).map((kind) =>
          testAnswer(kind, 'decision', decision === kind ? 0 : 1),
        ),
      ),
  ]
}

function estimateAnswers(draw: Draw, row: Estimate, replication: number): AuditedAnswer[] {
  const { estimand, outcome, method, ciKind, segmentName, segmentValue } = row
  const scale = row.scale === 'relative' ? 'relative' : 'absolute'
  const key: MethodKey = { outcome, method, scale, ciKind: ciKind ?? '' }
  const { estimate, ciLower, ciUpper, pValue } = row
  switch (estimand) {
    case 'ate':
    case 'lift': {
      const truth = draw.truth({ outcome, scale, scope: { segmentName, segmentValue } })
      // Of segments one in each replication, in turn: then answers do not hang on one another.
      if (truth === undefined || (segmentName !== null && !isInTurn(draw, row, replication))) return []
      return [{ key, answer: { estimate, ciLower, ciUpper, pValue, truth } }]
    }
    case 'interaction':
    case 'heterogeneity': {
      const own = { ...key, method: `${method}, ${estimand}` }
      const truth = draw.truth({ outcome, scale, scope: { segmentName, segmentValue } }) ?? 0
      if (method === 'two_by_two')
        return [{ key: own, answer: { estimate, ciLower, ciUpper, pValue, truth } }]
      return [testAnswer(own.method, outcome, pValue)]
    }
    case 'sample_ratio':
      return [testAnswer('sample_ratio', outcome, pValue)]
    default:
      return []
  }
}

function isInTurn(
  { replication: { segments } }: Draw,
  { segmentName, segmentValue }: Estimate,
  at: number,
): boolean {
  const texts = segments?.get(segmentName!)?.texts ?? []
  return texts.indexOf(segmentValue!) === at % texts.length
}

/** A test without an estimate. */
function testAnswer(method: string, outcome: string, pValue: number | null): AuditedAnswer {
  const estimate = pValue === null ? null : 0
  return {
    key: { outcome, method, scale: 'absolute', ciKind: '' },
    answer: { estimate, ciLower: null, ciUpper: null, pValue, truth: 0 },
  }
}

/**
 * Whether beliefs come true: of the arm that is believed to be better, how often it is; and what shipping the
 * treatment loses on average.
 */
function beliefAnswers(draw: Draw, row: Estimate): AuditedAnswer[] {
  const { outcome, method, diagnostics } = row
  const { chance_to_win: chance, expected_loss_treatment: loss } = diagnostics
  if (row.ciKind !== 'credible' || row.scale !== 'absolute' || !isBelieved(method, outcome)) return []
  const effect = effectFor(draw, outcome, 'absolute')
  if (typeof chance !== 'number' || typeof loss !== 'number' || effect === undefined) return []
  const key = { outcome, scale: 'absolute', ciKind: '' } as const
  const shown = { ciLower: null, ciUpper: null, pValue: 1 }
  return [
    {
      key: { ...key, method: `${method}, chance to win` },
      answer: {
        ...shown,
        estimate: Math.max(chance, 1 - chance),
        truth: effect > 0 === chance > 0.5 ? 1 : 0,
      },
    },
    {
      key: { ...key, method: `${method}, expected loss` },
      answer: { ...shown, estimate: loss, truth: Math.max(0, -effect) },
    },
  ]
}

/** The true effect on everybody. */
function effectFor(draw: Draw, outcome: string, scale: Scale): number | undefined {
  return draw.truth({ outcome, scale, scope: wholePopulation })
}

/** One answer for each check by p-values: its smallest, which is adjusted for their number. */
function healthAnswers(health: readonly HealthRow[]): AuditedAnswer[] {
  const smallest = new Map<string, number>()
  for (const { checkName, pValue, observed } of health)
    if (pValue !== null && observed !== null && checkName !== 'sample_ratio')
      smallest.set(checkName, Math.min(observed, smallest.get(checkName) ?? 1))
  return [...smallest].map(([check, pValue]) => testAnswer(check, 'health', pValue))
}
