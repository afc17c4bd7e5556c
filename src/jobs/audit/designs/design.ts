import type { ExperimentOutcome, ExperimentSpec } from '../../../core/experiment-spec.ts'
import type { Random } from '../../../stats/index.ts'
import type { Scope } from '../../experiment/data/cell-index.ts'
import { outcomeKind } from '../../experiment/data/outcome-variables.ts'
import type { Scale } from '../../experiment/methods/method.ts'
import type { Replication } from '../draw-replication.ts'
import type { AuditedOutcome } from '../population.ts'

/*
 * A design is an experiment that was made up: how its units come, are put into arms and answer, so that the truth is
 * known of everything that the analysis says. The project's own units cannot be clusters today and a switchback
 * tomorrow; these can. They are small, so that a thousand of them take seconds.
 */

/** The units of one replication of a design, with what is true of them. */
export interface Draw {
  readonly replication: Replication
  /** ISO dates of the looks, in order; a single null where there is one look. */
  readonly days: readonly (string | null)[]
  /** The effect that an answer ought to give; undefined where nothing is known of it. */
  readonly truth: (question: Question) => number | undefined
}

/** What an answer is about. */
export interface Question {
  readonly outcome: string
  readonly scale: Scale
  readonly scope: Scope
}

/** How a made-up experiment comes about. */
export interface Design {
  readonly name: string
  /** What is made up, in a sentence for the report. */
  readonly description: string
  /** What is asked, as a declared experiment would ask it. */
  readonly spec: ExperimentSpec
  /** What the treatment multiplies outcomes by, less one: each is audited by itself. */
  readonly lifts: readonly number[]
  /** Whether a lift of 0 means that there is nothing to find. */
  readonly hasNull: boolean
  /** Whether the truth is drawn from the prior of the analysis. */
  readonly isBelieved?: boolean
  readonly draw: (random: Random, lift: number) => Draw
}

/** A spec of which only what bears on the design is told. */
export function designSpec(
  own: Pick<ExperimentSpec, 'outcomes' | 'methods'> & Partial<ExperimentSpec>,
): ExperimentSpec {
  return {
    kind: 'experiment',
    question: '',
    data: { kind: 'units', ref: 'units', unit: 'unit', arm: 'arm' },
    control: 'control',
    treatments: ['treatment'],
    expectedWeights: { control: 1, treatment: 1 },
    segments: [],
    strata: [],
    ciLevel: 0.95,
    multiplicity: { correction: 'none', family: 'all' },
    // Nothing is refused for a chance of one in a thousand; the check's own errors are audited.
    health: [{ check: 'sample_ratio', critical: false, threshold: 0.05 }],
    bootstrap: { replicates: 500, seed: 1 },
    permutation: { permutations: 499, seed: 1 },
    interactions: [],
    asOf: '2026-02-01',
    ...own,
  }
}

/** An outcome that is a column of the made-up units, with so many covariates. */
export function designOutcome(
  name: string,
  kind: 'mean' | 'proportion' | 'ratio' | 'quantile',
  own: Partial<ExperimentOutcome> & { readonly quantile?: number; readonly covariateCount?: number } = {},
): ExperimentOutcome {
  const { quantile = 0.5, covariateCount = 0, ...rest } = own
  const source: ExperimentOutcome['source'] =
    kind === 'ratio'
      ? { from: 'columns', kind, numerator: name, denominator: `${name}_of` }
      : kind === 'quantile'
        ? { from: 'columns', kind, column: name, quantile }
        : { from: 'columns', kind, column: name }
  const covariates = Array.from({ length: covariateCount }, (_, place) => `${name}_before_${place + 1}`)
  return { name, description: '', role: 'secondary', better: 'higher', source, covariates, ...rest }
}

/** The outcomes of a replication as what its cells are made of. */
export function drawnOutcomes(spec: ExperimentSpec, { values }: Replication): AuditedOutcome[] {
  return spec.outcomes.map((outcome, place): AuditedOutcome => {
    const kind = outcomeKind(outcome)
    const own = kind === 'ratio' ? ['y', 'd'] : ['y']
    const covariates = outcome.covariates.map((_, index) =>
      kind === 'ratio' ? `x${index % 2 ? 'd' : ''}${(index >> 1) + 1}` : `x${index + 1}`,
    )
    return { name: outcome.name, kind, variables: [...own, ...covariates], values: values[place]! }
  })
}

/** The lift of an outcome whose untreated level is this, on both scales. */
export function effectOf(level: number, lift: number, scale: Scale): number {
  return scale === 'absolute' ? level * lift : lift
}

/** Arms by the toss of a coin. */
export function coinArms(n: number, random: Random, share = 0.5): Int32Array {
  return Int32Array.from({ length: n }, () => (random.bernoulli(share) ? 1 : 0))
}

/** So many of each arm, in random order: with an odd number the treatment has one less. */
export function balancedArms(n: number, random: Random, share = 0.5): Int32Array {
  const arms = new Int32Array(n).fill(1, 0, Math.floor(n * share))
  random.shuffle(arms)
  return arms
}

/** The two arms of all designs. */
export const armNames: readonly string[] = ['control', 'treatment']

/** A lognormal draw with mean 1. */
export function around1(random: Random, sd: number): number {
  return random.lognormal((-sd * sd) / 2, sd)
}
