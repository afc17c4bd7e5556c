import type { ExperimentOutcome, ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import type { ExperimentCell } from '../../../src/jobs/experiment/cell.ts'
import type { Evidence } from '../../../src/jobs/experiment/data/evidence.ts'
import { jointMomentsOf, makeRandom } from '../../../src/stats/index.ts'

/*
 * An experiment whose cells are made from rows in memory, the slow way, to compare with.
 */

/** A unit of the sample. */
export interface SampleUnit {
  readonly arm: string
  readonly country: string
  readonly revenue: number
  readonly before: number
  readonly converted: number
}

export const revenue: ExperimentOutcome = {
  name: 'revenue',
  description: '',
  role: 'goal',
  better: 'higher',
  source: { from: 'columns', kind: 'mean', column: 'revenue' },
  covariates: ['before'],
  minimumEffect: { relative: 0.02 },
}

export const converted: ExperimentOutcome = {
  name: 'converted',
  description: '',
  role: 'guardrail',
  better: 'higher',
  source: { from: 'columns', kind: 'proportion', column: 'converted' },
  covariates: [],
  margin: { absolute: 0.05 },
}

/** A spec with what every test leaves as it is. */
export function sampleSpec(own: Partial<ExperimentSpec> = {}): ExperimentSpec {
  return {
    kind: 'experiment',
    question: 'Does it help?',
    data: { kind: 'units', ref: 'units', unit: 'user_id', arm: 'arm' },
    control: 'control',
    treatments: ['treatment'],
    expectedWeights: { control: 1, treatment: 1 },
    outcomes: [revenue, converted],
    methods: ['difference_in_means', 'relative_lift', 'cuped', 'cuped_relative', 'proportion_z_test'],
    segments: ['country'],
    strata: [],
    ciLevel: 0.95,
    multiplicity: { correction: 'holm', family: 'goals' },
    health: [{ check: 'sample_ratio', critical: true, threshold: 0.001 }],
    bootstrap: { replicates: 1000, seed: 1 },
    permutation: { permutations: 999, seed: 1 },
    interactions: [],
    asOf: '2026-01-01',
    ...own,
  }
}

/** Units of two arms of about the same size; the effects are shares of the means. */
export function sampleUnits(
  n: number,
  { seed = 1, lift = 0, converts = 0, arms = ['control', 'treatment'] } = {},
): SampleUnit[] {
  const random = makeRandom(seed)
  return Array.from({ length: n }, (_, unit) => {
    const arm = arms[unit % arms.length]!
    const isTreated = arm !== arms[0]
    const before = 10 + 3 * random.normal()
    const level = before + 2 * random.normal()
    return {
      arm,
      country: random.bernoulli(0.5) ? 'se' : 'de',
      before,
      revenue: isTreated ? level * (1 + lift) : level,
      converted: random.bernoulli(isTreated ? 0.3 + converts : 0.3) ? 1 : 0,
    }
  })
}

/** The cells of the sample's outcomes for everybody and by country. */
export function cellsOf(units: readonly SampleUnit[], outcomes = ['revenue', 'converted']): ExperimentCell[] {
  const arms = [...new Set(units.map(({ arm }) => arm))]
  const scopes: (string | null)[] = [null, 'de', 'se']
  return outcomes.flatMap((outcome) =>
    arms.flatMap((arm) =>
      scopes.flatMap((country): ExperimentCell[] => {
        const own = units.filter((unit) => unit.arm === arm && (country === null || unit.country === country))
        if (own.length === 0) return []
        const column = (name: 'revenue' | 'before' | 'converted') => own.map((unit) => unit[name])
        const columns = outcome === 'revenue' ? [column('revenue'), column('before')] : [column('converted')]
        return [
          {
            outcome,
            arm,
            segmentName: country === null ? null : 'country',
            segmentValue: country,
            stratum: null,
            day: null,
            units: own.length,
            missing: 0,
            variables: columns.length === 2 ? ['y', 'x1'] : ['y'],
            moments: jointMomentsOf(...columns),
            outcomeMoments: jointMomentsOf(columns[0]!),
          },
        ]
      }),
    ),
  )
}

/** Evidence that is cells alone. */
export function sampleEvidence(cells: readonly ExperimentCell[], own: Partial<Evidence> = {}): Evidence {
  const facts = { units: 0, crossovers: null, duplicates: null, exposedBefore: null }
  return { cells, facts, tops: [], sinceExposure: [], rows: null, ...own }
}

export const origin = { job: 'trial', runId: '00000000-0000-0000-0000-000000000000', asOf: '2026-01-01' }
