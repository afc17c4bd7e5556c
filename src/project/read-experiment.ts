import { didYouMean } from '../core/did-you-mean.ts'
import type { ExperimentData, ExperimentSpec } from '../core/experiment-spec.ts'
import { instantOf, isInstant } from '../core/instant.ts'
import type { Problem } from '../core/problem.ts'
import { methodsOf } from './experiment-methods.ts'
import { inlineOutcomes, type MetricSets, type UsedSet, usedOutcomes } from './experiment-outcomes.ts'
import { banditOf, ciLevelOf, decisionOf, healthRules, sequentialOf } from './experiment-rules.ts'
import type { ExperimentYaml, ExposuresExperimentYaml } from './experiment-schema.ts'
import {
  checkInstant,
  type JobRef,
  listed,
  type Refuse,
  readRef,
  refuseIn,
  refuseTaken,
} from './job-parts.ts'
import type { YamlDocument } from './yaml-document.ts'

/** An experiment, and what it reads. */
export interface ReadExperiment {
  readonly spec: ExperimentSpec
  readonly refs: readonly JobRef[]
  /** The sets of metrics that it uses. */
  readonly sets: readonly UsedSet[]
}

/** The experiment that the YAML declares, its parts checked against each other and against the sets of metrics. */
export function readExperiment(
  document: YamlDocument,
  yaml: ExperimentYaml,
  sets: MetricSets,
  problems: Problem[],
): ReadExperiment {
  const refuse = refuseIn(document, problems)
  const { data, refs } = readData(document, yaml, refuse)
  const { outcomes, sets: usedSets } =
    'units' in yaml ? { outcomes: inlineOutcomes(yaml, refuse), sets: [] } : usedOutcomes(yaml, sets, refuse)
  checkArms(yaml, refuse)
  checkStratumWeights(yaml, refuse)
  checkClusters(yaml, refuse)
  checkColumns(yaml, data, refuse)
  checkInstant(['as_of'], yaml.as_of, refuse)
  const ciLevel = ciLevelOf(yaml, refuse)
  const sequential = sequentialOf(yaml, refuse)
  const decision = decisionOf(yaml, outcomes, ciLevel, refuse)
  const bandit = banditOf(yaml, outcomes, refuse)
  const { cluster, prior, beta_prior: betaPrior, switchback, holdout } = yaml
  const ground = {
    outcomes,
    segments: yaml.segments,
    strata: yaml.strata,
    ...(yaml.stratum_weights && { stratumWeights: yaml.stratum_weights }),
    ...(cluster !== undefined && { cluster }),
    ...(switchback && {
      switchback: {
        block: switchback.block,
        period: switchback.period,
        carryOver: switchback.carry_over,
      },
    }),
    ...(sequential && { sequential }),
    ...(prior && { prior }),
    ...(betaPrior && { betaPrior }),
  }
  const arms = [yaml.control, ...yaml.treatments, ...(holdout === undefined ? [] : [holdout])]
  const spec: ExperimentSpec = {
    kind: 'experiment',
    question: yaml.question,
    data,
    control: yaml.control,
    treatments: yaml.treatments,
    ...(holdout !== undefined && { holdout }),
    expectedWeights: yaml.expected_weights ?? Object.fromEntries(arms.map((arm) => [arm, 1])),
    ...ground,
    methods: methodsOf(yaml.methods, ground, refuse),
    ciLevel,
    multiplicity: yaml.multiplicity ?? { correction: 'holm', family: 'goals' },
    health: healthRules(yaml, refuse),
    ...(decision && { decision }),
    ...(bandit && { bandit }),
    bootstrap: yaml.bootstrap ?? { replicates: 2000, seed: 1 },
    permutation: yaml.permutation ?? { permutations: 9999, seed: 1 },
    // What they are is known when all experiments are read.
    interactions: yaml.interactions.map((experiment) => ({ experiment, control: '', treatments: [] })),
    asOf: yaml.as_of,
  }
  return { spec, refs, sets: usedSets }
}

function readData(
  document: YamlDocument,
  yaml: ExperimentYaml,
  refuse: Refuse,
): { readonly data: ExperimentData; readonly refs: readonly JobRef[] } {
  if ('units' in yaml) {
    const { unit, arm, time } = yaml.units
    const { ref, refs } = readRef(document, ['units', 'model'], yaml.units.model, refuse)
    return { data: { kind: 'units', ref, unit, arm, ...(time !== undefined && { time }) }, refs }
  }
  checkDates(yaml, refuse)
  const { unit, arm, time, experiment } = yaml.exposures
  const { ref, refs } = readRef(document, ['exposures', 'model'], yaml.exposures.model, refuse)
  const { start, end, crossovers, exposure_day: exposureDay } = yaml
  const own = experiment && { experiment: { column: experiment.column, value: experiment.value } }
  return {
    data: { kind: 'exposures', ref, unit, arm, time, ...own, start, end, crossovers, exposureDay },
    refs,
  }
}

function checkDates({ start, end, as_of: asOf }: ExposuresExperimentYaml, refuse: Refuse): void {
  checkInstant(['start'], start, refuse)
  checkInstant(['end'], end, refuse)
  if (isInstant(start) && isInstant(end) && instantOf(start) >= instantOf(end))
    refuse(['end'], `the experiment ends on ${end}, not after it starts on ${start}`)
  if (isInstant(start) && isInstant(asOf) && instantOf(asOf) <= instantOf(start))
    refuse(['as_of'], `as of ${asOf} the experiment had not started: it starts on ${start}`)
}

function checkArms(yaml: ExperimentYaml, refuse: Refuse): void {
  const { control, treatments, holdout, expected_weights: weights } = yaml
  const arms = [control, ...treatments]
  for (const [index, arm] of treatments.entries())
    if (arms.indexOf(arm) < index + 1)
      refuse(
        ['treatments', index],
        `arm '${arm}' is named twice`,
        'control and treatments are different arms',
      )
  if (holdout !== undefined) {
    if (arms.includes(holdout))
      refuse(
        ['holdout'],
        `the holdout '${holdout}' is ${holdout === control ? 'the control' : 'a treatment'}`,
        'a holdout is an arm of its own that is kept from everything',
      )
    else arms.push(holdout)
    if (!weights)
      refuse(['holdout'], 'how many units the holdout has is not said', 'add expected_weights for all arms')
  }
  if (!weights) return
  const weighted = Object.keys(weights)
  for (const arm of weighted)
    if (!arms.includes(arm)) {
      const hint = didYouMean(arm, arms) ?? `arms: ${listed(arms)}`
      refuse(['expected_weights', arm], `'expected_weights' names '${arm}', which is no arm`, hint)
    }
  for (const arm of arms)
    if (!weighted.includes(arm))
      refuse(
        ['expected_weights'],
        `'expected_weights' says nothing about arm '${arm}'`,
        'give every arm a weight',
      )
  if (weights[control] === 0)
    refuse(
      ['expected_weights', control],
      `the control '${control}' has no weight`,
      'it must be greater than 0',
    )
  if (treatments.every((arm) => weights[arm] === 0))
    refuse(['expected_weights'], 'no treatment has a weight', 'give one of them more than 0')
}

/** What compares arms across strata cannot go with arms that are alike within strata only. */
function checkStratumWeights(yaml: ExperimentYaml, refuse: Refuse): void {
  const { stratum_weights: strata, control, treatments, holdout } = yaml
  if (!strata) return
  const path = ['stratum_weights']
  if (yaml.strata.length === 0)
    refuse(path, 'there are weights by stratum, and no strata', 'add strata: [country]')
  for (const key of ['sequential', 'holdout', 'bandit', 'switchback', 'cluster'] as const)
    if (yaml[key] !== undefined)
      refuse(
        [key],
        `'${key}' compares arms across strata, where they are not alike`,
        'leave it out, or give the arms the same weights in all strata (expected_weights)',
      )
  const arms = [control, ...treatments, ...(holdout === undefined ? [] : [holdout])]
  for (const [stratum, weights] of Object.entries(strata)) {
    const unknown = Object.keys(weights).find((arm) => !arms.includes(arm))
    if (unknown !== undefined)
      refuse(
        [...path, stratum],
        `stratum '${stratum}' has a weight for '${unknown}', which is no arm`,
        didYouMean(unknown, arms) ?? `arms: ${listed(arms)}`,
      )
    const missing = arms.find((arm) => !(arm in weights))
    if (unknown === undefined && missing !== undefined)
      refuse(
        [...path, stratum],
        `stratum '${stratum}' says nothing about arm '${missing}'`,
        'give every arm a weight',
      )
  }
}

/** What is told from sums over units cannot go with units that are not independent. */
function checkClusters(yaml: ExperimentYaml, refuse: Refuse): void {
  const by = yaml.switchback ? 'switchback' : yaml.cluster !== undefined ? 'cluster' : undefined
  if (!by) return
  for (const [key, words] of [
    ['sequential', 'looks before the end'],
    ['bandit', 'weights of a bandit'],
    ['holdout', 'comparisons with a holdout'],
  ] as const)
    if (yaml[key] !== undefined)
      refuse(
        [key],
        `${words} are told from sums that take units for independent, and those of a ${by === 'cluster' ? 'cluster' : 'block'} are not`,
        `leave '${key}' or '${by}' out; a model with one row per ${by === 'cluster' ? 'cluster' : 'block'} has units that are independent`,
      )
}

/** Columns with a part of their own are no segments, strata or covariates. */
function checkColumns(yaml: ExperimentYaml, data: ExperimentData, refuse: Refuse): void {
  const taken = { arm: data.arm, unit: data.unit, 'time of the exposure': data.time }
  refuseTaken('segments', yaml.segments, taken, refuse)
  refuseTaken('strata', yaml.strata, taken, refuse)
  if ('units' in yaml) refuseTaken('covariates', yaml.covariates, taken, refuse)
  if (yaml.cluster === data.arm || yaml.cluster === data.unit)
    refuse(
      ['cluster'],
      `'${yaml.cluster}' is the column of the ${yaml.cluster === data.arm ? 'arm' : 'unit'}`,
      'a cluster holds several units',
    )
}
