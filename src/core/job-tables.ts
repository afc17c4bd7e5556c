import { type CausalSpec, usesPropensity } from './causal-spec.ts'
import { type DidSpec, isSynthetic } from './did-spec.ts'
import type { JobSpec } from './job-spec.ts'

/*
 * The tables that a job writes: which ones follows from its spec alone, so that compiling knows them without a run.
 */

/** A table that a job of this kind writes. */
export interface JobTableDeclaration {
  /** What stands after the job's name and two underscores; empty for the main table. */
  readonly suffix: string
  /** What a row is, for documentation. */
  readonly description: string
}

/** The tables that a job writes, the main one first. */
export function jobTables(spec: JobSpec): readonly JobTableDeclaration[] {
  switch (spec.kind) {
    case 'causal':
      return causalTables(spec)
    case 'did':
      return didTables(spec)
    case 'discontinuity':
    case 'interrupted_series':
      return [
        { suffix: '', description: spec.question },
        { suffix: 'checks', description: 'What the estimates suppose, one row each, with a verdict.' },
        { suffix: 'refutations', description: 'What tried to refute the estimates, with a verdict each.' },
        { suffix: 'verdict', description: 'What to believe of each effect, in a sentence.' },
        { suffix: 'memo', description: 'What to tell those who decide, as Markdown and as a page of HTML.' },
      ]
    case 'drift':
      return [
        { suffix: '', description: spec.question },
        {
          suffix: 'distributions',
          description: 'Rows of the reference and of each window by bin or category.',
        },
        {
          suffix: 'days',
          description: 'Each column day by day: rows, missing values, mean, stability index.',
        },
        { suffix: 'changes', description: 'From which day on a mean or share differs, if from any.' },
        { suffix: 'memo', description: 'What to tell those who decide, as Markdown and as a page of HTML.' },
      ]
    case 'metrics':
      return [
        { suffix: '', description: 'Sums over units, by experiment, arm, segment, stratum, metric and day.' },
        { suffix: 'units', description: 'One row per experiment and unit: its arm and what it came to.' },
        {
          suffix: 'groups',
          description: 'Units that are counted together, and up to which day they are settled.',
        },
      ]
    case 'experiment':
      return [
        { suffix: '', description: spec.question },
        { suffix: 'health', description: 'Checks of the experiment, one row each, with a verdict.' },
        ...(spec.data.kind === 'exposures' || spec.data.time !== undefined
          ? [
              {
                suffix: 'days',
                description: 'Effects up to the end of each day, and by days since exposure.',
              },
            ]
          : []),
        ...(spec.decision
          ? [
              {
                suffix: 'decision',
                description: 'What to do with each treatment, for everybody and by segment.',
              },
            ]
          : []),
        { suffix: 'memo', description: 'What to tell those who decide, as Markdown and as a page of HTML.' },
        ...(spec.bandit ? [{ suffix: 'weights', description: 'What the bandit gives each arm next.' }] : []),
      ]
  }
}

/** Which tables a causal question writes: units stand one by one only where a method looks at them so. */
function causalTables(spec: CausalSpec): JobTableDeclaration[] {
  const matches = spec.estimators.some(({ method }) => method === 'propensity_matching')
  return [
    { suffix: '', description: spec.question },
    {
      suffix: 'identification',
      description: 'What the graph allows and what was chosen of it, and what of it the data contradict.',
    },
    ...(usesPropensity(spec)
      ? [
          {
            suffix: 'balance',
            description: 'Covariates of treated and others before and after each method.',
          },
          { suffix: 'overlap', description: 'Units by propensity, and what weights leave of the sample.' },
          { suffix: 'weights', description: 'One row per unit: its propensity and its weights.' },
        ]
      : []),
    ...(matches ? [{ suffix: 'matches', description: 'Who was matched with whom, and how closely.' }] : []),
    ...(spec.refuters.length > 0
      ? [{ suffix: 'refutations', description: 'What tried to refute the estimates, with a verdict each.' }]
      : []),
    { suffix: 'verdict', description: 'What to believe of each effect, in a sentence.' },
    { suffix: 'memo', description: 'What to tell those who decide, as Markdown and as a page of HTML.' },
  ]
}

/** Which tables a difference in differences writes. */
function didTables({ question, estimators, aggregations, refuters }: DidSpec): JobTableDeclaration[] {
  const byGroup = estimators.some(({ method }) => method === 'callaway_santanna')
  return [
    { suffix: '', description: question },
    { suffix: 'checks', description: 'What the estimates suppose, one row each, with a verdict.' },
    ...(byGroup
      ? [{ suffix: 'group_time', description: 'Effects on units first treated together, period by period.' }]
      : []),
    ...(byGroup && aggregations.includes('event')
      ? [{ suffix: 'event_study', description: 'Effects by periods since treatment began.' }]
      : []),
    ...(estimators.some(({ method }) => isSynthetic(method))
      ? [{ suffix: 'synthetic_weights', description: 'What stands for the treated: units and periods.' }]
      : []),
    ...(refuters.length > 0
      ? [{ suffix: 'refutations', description: 'What tried to refute the estimates, with a verdict each.' }]
      : []),
    { suffix: 'verdict', description: 'What to believe of each effect, in a sentence.' },
    { suffix: 'memo', description: 'What to tell those who decide, as Markdown and as a page of HTML.' },
  ]
}

/** The name of a job's table: `checkout`, `checkout__health`. */
export function jobTableName(job: string, suffix: string): string {
  return suffix === '' ? job : `${job}__${suffix}`
}
