import { didYouMean } from '../core/did-you-mean.ts'
import { instantOf, isInstant } from '../core/instant.ts'
import { jobTableName } from '../core/job-tables.ts'
import type { MetricsExperiment } from '../core/metrics-spec.ts'
import type { Problem } from '../core/problem.ts'
import type { MetricSets } from './experiment-outcomes.ts'
import { type JobRef, type Refuse, refuseIn } from './job-parts.ts'
import type { ReadExperiment } from './read-experiment.ts'
import type { YamlDocument } from './yaml-document.ts'

/*
 * Experiments among each other and with the sets of metrics that they use.
 */

/** An experiment with its name and file. Its refs grow as it is linked, and what it is crossed with becomes known. */
export interface LinkedExperiment extends Omit<ReadExperiment, 'refs' | 'spec'> {
  readonly name: string
  readonly document: YamlDocument
  refs: readonly JobRef[]
  spec: ReadExperiment['spec']
}

/** Adds what experiments read of sets of metrics and of each other; what does not fit goes to `problems`. */
export function linkExperiments(
  experiments: readonly LinkedExperiment[],
  sets: MetricSets,
  problems: Problem[],
): void {
  for (const experiment of experiments) {
    const { document, spec } = experiment
    const refuse = refuseIn(document, problems)
    experiment.refs = [
      ...experiment.refs,
      ...experiment.sets.flatMap(({ name, path }) =>
        ['', 'units'].map((suffix) => ({ name: jobTableName(name, suffix), place: document.placeOf(path) })),
      ),
      ...spec.interactions.flatMap(({ experiment: name }, index) =>
        crossed(experiment, name, index, experiments, refuse),
      ),
    ]
    experiment.spec = {
      ...spec,
      interactions: spec.interactions.map((each) => ({ ...each, ...armsOf(each.experiment, experiments) })),
    }
    for (const { name } of experiment.sets) checkAsOf(experiment, name, sets, refuse)
  }
}

/** What of another experiment an interaction with it is told by. */
function armsOf(name: string, all: readonly LinkedExperiment[]) {
  const other = all.find((one) => one.name === name)
  if (!other) return {}
  const { control, treatments, data } = other.spec
  const { ref, unit, arm } = data
  return { control, treatments, ...(data.kind === 'units' && { units: { ref, unit, arm } }) }
}

/** What an experiment reads of another that it looks for interactions with. */
function crossed(
  experiment: LinkedExperiment,
  name: string,
  index: number,
  all: readonly LinkedExperiment[],
  refuse: Refuse,
): JobRef[] {
  const path = ['interactions', index]
  const other = all.find((one) => one.name === name)
  if (name === experiment.name) refuse(path, 'an experiment does not interact with itself')
  else if (!other) {
    const names = all.map((one) => one.name).filter((one) => one !== experiment.name)
    refuse(
      path,
      `there is no experiment '${name}'`,
      didYouMean(name, names) ?? `experiments: ${names.join(', ')}`,
    )
  } else if (experiment.spec.data.kind !== other.spec.data.kind)
    refuse(
      path,
      `'${name}' is declared over ${other.spec.data.kind}, and '${experiment.name}' over ${experiment.spec.data.kind}`,
      'experiments that are crossed have their units in the same form',
    )
  else if (other.spec.data.kind === 'units')
    return [{ name: other.spec.data.ref, place: experiment.document.placeOf(path) }]
  else if (!other.sets.some((set) => experiment.sets.some((own) => own.name === set.name)))
    refuse(
      path,
      `'${name}' and '${experiment.name}' share no set of metrics`,
      'use a metric of the same set in both',
    )
  return []
}

/** Metrics know nothing of what comes after the instant that they speak about. */
function checkAsOf({ spec }: LinkedExperiment, set: string, sets: MetricSets, refuse: Refuse): void {
  const { asOf } = sets.get(set)!.spec
  if (!isInstant(asOf) || !isInstant(spec.asOf) || instantOf(spec.asOf) <= instantOf(asOf)) return
  refuse(['as_of'], `as of ${spec.asOf} the metrics of '${set}' are not known: they are as of ${asOf}`)
}

/** The experiments that use a set: what of them it depends on, and what of it they have it read. */
export function experimentsOfSet(
  set: string,
  experiments: readonly LinkedExperiment[],
): { readonly part: MetricsExperiment; readonly refs: readonly JobRef[] }[] {
  return experiments.flatMap(({ name, spec, refs }) => {
    const { data, control, treatments, holdout, segments, strata, cluster, outcomes } = spec
    const metrics = outcomes.flatMap(({ source }) =>
      source.from === 'metrics' && source.set === set ? [source.metric] : [],
    )
    if (data.kind !== 'exposures' || metrics.length === 0) return []
    const part: MetricsExperiment = {
      name,
      data,
      arms: [control, ...treatments, ...(holdout === undefined ? [] : [holdout])],
      segments,
      strata,
      ...(cluster !== undefined && { cluster }),
      metrics: [...new Set(metrics)].sort(),
    }
    return [{ part, refs: refs.filter((ref) => ref.name === data.ref) }]
  })
}
