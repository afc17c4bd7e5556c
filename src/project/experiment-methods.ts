import type { ExperimentMethod, ExperimentOutcome, ExperimentSpec } from '../core/experiment-spec.ts'
import type { Refuse } from './job-parts.ts'

/*
 * What the methods need of what is declared, and which ones are meant where nobody says.
 */

/** What of an experiment decides which methods are possible. */
export type MethodGround = Pick<
  ExperimentSpec,
  | 'outcomes'
  | 'segments'
  | 'strata'
  | 'stratumWeights'
  | 'cluster'
  | 'switchback'
  | 'sequential'
  | 'prior'
  | 'betaPrior'
>

/** Something that a method needs: whether it is there, and what to say where it is not. */
interface Need {
  readonly isMet: (ground: MethodGround) => boolean
  readonly missing: string
  readonly hint: string
}

const isYesNo = ({ source: { kind } }: ExperimentOutcome): boolean =>
  ['proportion', 'retention', 'funnel'].includes(kind)

const covariate: Need = {
  isMet: ({ outcomes }) => outcomes.some(({ covariates }) => covariates.length > 0),
  missing: 'a covariate, and no metric has one',
  hint: 'add covariate: <column measured before exposure> to a metric, or pre_period: 28 to one of kind: metrics',
}
const proportion: Need = {
  isMet: ({ outcomes }) => outcomes.some(isYesNo),
  missing: 'a metric of kind proportion, and there is none',
  hint: 'give kind: proportion to a metric whose column is 0 or 1',
}
const strata: Need = {
  isMet: (ground) => ground.strata.length > 0,
  missing: 'strata, and there are none',
  hint: 'add strata: [country]: columns that are known before exposure',
}
const segments: Need = {
  isMet: (ground) => ground.segments.length > 0,
  missing: 'segments, and there are none',
  hint: 'add segments: [country]: columns that are known before exposure',
}
const cluster: Need = {
  isMet: (ground) => ground.cluster !== undefined,
  missing: 'a cluster, and none is declared',
  hint: 'add cluster: <column of what was randomised as a whole>',
}
const switchback: Need = {
  isMet: (ground) => ground.switchback !== undefined,
  missing: 'a switchback, and none is declared',
  hint: 'add switchback: { block: <region and period>, period: <order in time> }',
}
const quantile: Need = {
  isMet: ({ outcomes }) => outcomes.some(({ source }) => source.kind === 'quantile'),
  missing: 'a metric of kind quantile, and there is none',
  hint: 'add a metric with kind: quantile and quantile: 0.9',
}
const margin: Need = {
  isMet: ({ outcomes }) => outcomes.some((outcome) => outcome.margin !== undefined),
  missing: 'a margin, and no metric has one',
  hint: 'add margin: { relative: 0.02 } to a guardrail',
}
const prior: Need = {
  isMet: (ground) => ground.prior !== undefined,
  missing: 'a prior, and there is none',
  hint: 'add prior: { mean: 0, sd: 0.05, scale: relative }',
}
const sequential = (kind: NonNullable<ExperimentSpec['sequential']>['kind']): Need => ({
  isMet: (ground) => ground.sequential?.kind === kind,
  missing: `a sequential plan of kind ${kind}, and there is none`,
  hint: `add sequential: { kind: ${kind}${kind === 'group_sequential' ? ', looks: [0.5, 1], planned_units: 20000' : ''} }`,
})

const needs: Readonly<Partial<Record<ExperimentMethod, Need>>> = {
  cuped: covariate,
  cuped_relative: covariate,
  cupac: covariate,
  regression_adjustment: covariate,
  stratified: strata,
  post_stratified: strata,
  cluster_robust: cluster,
  block_means: switchback,
  proportion_z_test: proportion,
  fisher_exact: proportion,
  quantile_difference: quantile,
  confidence_sequence: sequential('confidence_sequence'),
  msprt: sequential('msprt'),
  group_sequential: sequential('group_sequential'),
  bayesian_normal: prior,
  bayesian_beta_binomial: proportion,
  non_inferiority: margin,
  partial_pooling: segments,
}

/** What is done where nobody says: the plain comparison, and what each further declaration is for. */
const usual: readonly (readonly [ExperimentMethod, (ground: MethodGround) => boolean])[] = [
  ['difference_in_means', ({ outcomes }) => outcomes.some(({ source }) => source.kind !== 'quantile')],
  ['relative_lift', ({ outcomes }) => outcomes.some(({ source }) => source.kind !== 'quantile')],
  ['cuped', covariate.isMet],
  ['cuped_relative', covariate.isMet],
  ['proportion_z_test', proportion.isMet],
  ['quantile_difference', quantile.isMet],
  ['post_stratified', strata.isMet],
  ['cluster_robust', (ground) => cluster.isMet(ground) || switchback.isMet(ground)],
  ['block_means', switchback.isMet],
  ['confidence_sequence', sequential('confidence_sequence').isMet],
  ['msprt', sequential('msprt').isMet],
  ['group_sequential', sequential('group_sequential').isMet],
  ['bayesian_normal', prior.isMet],
  ['bayesian_beta_binomial', (ground) => ground.betaPrior !== undefined && proportion.isMet(ground)],
  ['non_inferiority', margin.isMet],
]

/** What knows that units of a cluster, or rows of a block, were given their arm together. */
const withClusters: readonly ExperimentMethod[] = ['cluster_robust', 'block_means', 'quantile_difference']

/** What compares arms within strata only, where they are alike nowhere else. */
const withinStrata: readonly ExperimentMethod[] = ['stratified', 'post_stratified']

/** The methods of an experiment: those that it names, or all that its declarations are for. */
export function methodsOf(
  named: readonly ExperimentMethod[] | undefined,
  ground: MethodGround,
  refuse: Refuse,
): readonly ExperimentMethod[] {
  const isClustered = ground.cluster !== undefined || ground.switchback !== undefined
  const isSaid = ([method]: (typeof usual)[number]): boolean =>
    (!ground.stratumWeights || withinStrata.includes(method)) &&
    (!isClustered || withClusters.includes(method))
  if (!named)
    return usual
      .filter(isSaid)
      .filter(([, isMeant]) => isMeant(ground))
      .map(([method]) => method)
  for (const [index, method] of named.entries()) {
    if (named.indexOf(method) < index) refuse(['methods', index], `method '${method}' is named twice`)
    if (ground.stratumWeights && !withinStrata.includes(method))
      refuse(
        ['methods', index],
        `'${method}' compares arms across strata, where stratum_weights gives them other weights`,
        `methods: ${withinStrata.join(', ')}`,
      )
    const need = needs[method]
    if (need && !need.isMet(ground))
      refuse(['methods', index], `'${method}' needs ${need.missing}`, need.hint)
  }
  return named
}
