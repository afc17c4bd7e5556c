import {
  type DidEstimator,
  type DidMethod,
  type DidRefuter,
  type DidSpec,
  isSynthetic,
  type TreatmentDates,
} from '../core/did-spec.ts'
import type { JobColumnRead } from '../core/job-column-read.ts'
import type { Problem } from '../core/problem.ts'
import type { DidYaml } from './did-schema.ts'
import {
  checkInstant,
  type JobRef,
  type Refuse,
  readRef,
  refuseIn,
  refuseTaken,
  refuseTwice,
} from './job-parts.ts'
import { outcomePaths, readConditions, readLevel, readOutcomes } from './read-question.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/** A difference in differences, and what it reads. */
export interface ReadDid {
  readonly spec: DidSpec
  readonly refs: readonly JobRef[]
  readonly columns: readonly JobColumnRead[]
}

/** The question that the YAML declares; null where something is wrong that leaves none. */
export function readDid(document: YamlDocument, yaml: DidYaml, problems: Problem[]): ReadDid | null {
  const refuse = refuseIn(document, problems)
  const { panel } = yaml
  const { ref, refs } = readRef(document, ['panel', 'model'], panel.model, refuse)
  const dates = datesOf(document, yaml, refuse)
  const outcomes = readOutcomes(yaml, refuse)
  checkInstant(['as_of'], yaml.as_of, refuse)
  if (!dates || outcomes.length === 0) return null
  const estimators = estimatorsOf(yaml, refuse)
  const spec: DidSpec = {
    kind: 'did',
    question: yaml.question,
    data: {
      ...{ ref, unit: panel.unit, time: panel.time, sampling: panel.sampling, unbalanced: panel.unbalanced },
      ...(panel.weight !== undefined && { weight: panel.weight }),
      where: readConditions(panel.where),
    },
    treatment: { name: yaml.treatment.name ?? nameOf(dates.dates), dates: dates.dates },
    outcomes,
    covariates: yaml.covariates,
    anticipation: yaml.anticipation,
    estimators,
    aggregations: yaml.aggregations ?? ['simple', 'group', 'calendar', 'event'],
    ...(yaml.cluster !== undefined && { cluster: yaml.cluster }),
    errors: errorsOf(yaml),
    preTrendLevel: yaml.pre_trend_alpha,
    refuters: refutersOf(yaml, refuse),
    scale: yaml.scale,
    missing: yaml.missing,
    ciLevel: readLevel(yaml, refuse),
    seed: yaml.seed,
    ...(yaml.truth && { truth: { effects: yaml.truth.effects } }),
    asOf: yaml.as_of,
  }
  checkTogether(yaml, spec, refuse)
  return { spec, refs: [...refs, ...dates.refs], columns: columnsRead(document, yaml, spec) }
}

/** Where the dates stand: in one of three places. */
function datesOf(
  document: YamlDocument,
  { treatment }: DidYaml,
  refuse: Refuse,
): { readonly dates: TreatmentDates; readonly refs: readonly JobRef[] } | null {
  const { first_treated: first, status, rollout, group } = treatment
  const said = Object.entries({ first_treated: first, status, rollout }).flatMap(([key, value]) =>
    value === undefined ? [] : [key],
  )
  if (said.length !== 1) {
    refuse(
      ['treatment'],
      said.length === 0
        ? "'treatment' does not say when units were first treated"
        : `'treatment' says it twice: ${said.join(' and ')}`,
      'write one of first_treated: <column>, status: <column>, rollout: { model, group, date }',
    )
    return null
  }
  if (group !== undefined && !rollout)
    refuse(['treatment', 'group'], "'group' belongs to a rollout", 'leave it out')
  if (first !== undefined) return { dates: { kind: 'first_treated', column: first }, refs: [] }
  if (status !== undefined) return { dates: { kind: 'status', column: status }, refs: [] }
  const { model, group: key, date, where } = rollout!
  const { ref, refs } = readRef(document, ['treatment', 'rollout', 'model'], model, refuse)
  return {
    dates: { kind: 'rollout', ref, key, date, where: readConditions(where), group: group ?? key },
    refs,
  }
}

function nameOf(dates: TreatmentDates): string {
  return dates.kind === 'rollout' ? 'treatment' : dates.column
}

/** Estimators as they are named, or the usual ones. */
function estimatorsOf({ estimators, anticipation }: DidYaml, refuse: Refuse): DidEstimator[] {
  const read = (estimators ?? usualEstimators(anticipation)).map((yaml): DidEstimator => {
    const name = yaml.name ?? yaml.method
    return yaml.method === 'callaway_santanna' ? { ...yaml, name } : { method: yaml.method, name }
  })
  refuseTwice(
    read.map(({ name }) => name),
    (index) => ['estimators', index],
    'estimator',
    (path, message) =>
      refuse(
        path,
        message,
        'give one of them a name: { method: callaway_santanna, name: not_yet, control: not_yet_treated }',
      ),
  )
  return read
}

type EstimatorYaml = NonNullable<DidYaml['estimators']>[number]

/** What is done where nobody says: all that knows of anticipation, where there is some. */
function usualEstimators(anticipation: number): EstimatorYaml[] {
  const usual: EstimatorYaml[] = [
    { method: 'two_by_two' },
    { method: 'twfe' },
    {
      ...{ method: 'callaway_santanna', control: 'never_treated' },
      ...{ adjustment: 'doubly_robust', base: 'varying' },
    },
  ]
  return usual.filter(({ method }) => anticipation === 0 || knowsAnticipation(method))
}

function knowsAnticipation(method: DidMethod): boolean {
  return method === 'two_by_two' || method === 'callaway_santanna'
}

function errorsOf({ errors }: DidYaml): DidSpec['errors'] {
  return errors?.kind === 'bootstrap' ? { kind: 'bootstrap', draws: errors.draws } : { kind: 'analytic' }
}

function refutersOf({ refuters }: DidYaml, refuse: Refuse): DidRefuter[] {
  if (!refuters) return [{ refuter: 'placebo_dates' }, { refuter: 'leave_one_group_out' }]
  refuseTwice(
    refuters.map(({ refuter }) => refuter),
    (index) => ['refuters', index],
    'refuter',
    refuse,
  )
  return refuters
}

/** What methods cannot do with such a panel: it takes no data to know. */
function checkTogether(yaml: DidYaml, spec: DidSpec, refuse: Refuse): void {
  const { data, treatment, covariates, estimators } = spec
  const isSampled = data.sampling === 'cross_sections'
  if (isSampled && treatment.dates.kind === 'status')
    refuse(
      ['treatment', 'status'],
      'of cross-sections, a status does not say when treatment began',
      'write first_treated or rollout',
    )
  if (isSampled && yaml.panel.unbalanced === 'drop')
    refuse(['panel', 'unbalanced'], 'cross-sections are not balanced', 'leave it out')
  if (covariates.length > 0 && (isSampled || data.weight !== undefined))
    refuse(
      ['covariates'],
      `covariates need a panel ${isSampled ? 'of the same units in every period' : 'without weights'}`,
      'leave them out, or hold them fixed by cells in the model',
    )
  for (const [index, { method }] of estimators.entries())
    if (isSynthetic(method) && (isSampled || data.weight !== undefined))
      refuse(
        ['estimators', index],
        `'${method}' needs a panel ${isSampled ? 'of the same units in every period' : 'without weights'}`,
      )
  checkEffective(yaml, spec, refuse)
  const taken = { unit: data.unit, time: data.time, weight: data.weight }
  refuseTaken('covariates', covariates, taken, refuse)
  if (yaml.scale === 'relative' && !estimators.some(({ method }) => method === 'callaway_santanna'))
    refuse(
      ['scale'],
      'a share of what would have been is given by callaway_santanna only',
      'name it among the estimators',
    )
}

/** What is said to methods that would not listen. */
function checkEffective(yaml: DidYaml, { estimators }: DidSpec, refuse: Refuse): void {
  if (yaml.anticipation > 0)
    for (const [index, { method }] of estimators.entries())
      if (!knowsAnticipation(method))
        refuse(
          ['estimators', index],
          `'${method}' takes every period before treatment as untouched, and there is 'anticipation'`,
          'leave it out: two_by_two and callaway_santanna know of anticipation',
        )
  if (estimators.some(({ method }) => method === 'callaway_santanna')) return
  const said = {
    covariates: yaml.covariates.length > 0,
    aggregations: yaml.aggregations !== undefined,
    errors: yaml.errors?.kind === 'bootstrap',
  }
  for (const [key, isSaid] of Object.entries(said))
    if (isSaid)
      refuse([key], `'${key}' is for callaway_santanna only`, 'name it among the estimators, or leave it out')
}

function columnsRead(document: YamlDocument, yaml: DidYaml, spec: DidSpec): JobColumnRead[] {
  const { data, treatment, outcomes, covariates, cluster } = spec
  const read = (ref: string, path: YamlPath, column: string | undefined): JobColumnRead[] =>
    ref === '' || column === undefined ? [] : [{ ref, column, place: document.placeOf(path) }]
  const { dates } = treatment
  const paths = outcomePaths(yaml)
  return [
    ...read(data.ref, ['panel', 'unit'], data.unit),
    ...read(data.ref, ['panel', 'time'], data.time),
    ...read(data.ref, ['panel', 'weight'], data.weight),
    ...data.where.flatMap(({ column }, index) => read(data.ref, ['panel', 'where', index, 'column'], column)),
    ...(dates.kind === 'rollout'
      ? [
          ...read(
            data.ref,
            ['treatment', ...(yaml.treatment.group === undefined ? ['rollout', 'group'] : ['group'])],
            dates.group,
          ),
          ...read(dates.ref, ['treatment', 'rollout', 'group'], dates.key),
          ...read(dates.ref, ['treatment', 'rollout', 'date'], dates.date),
          ...dates.where.flatMap(({ column }, index) =>
            read(dates.ref, ['treatment', 'rollout', 'where', index, 'column'], column),
          ),
        ]
      : read(data.ref, ['treatment', dates.kind], dates.column)),
    ...outcomes.flatMap(({ column }, index) => read(data.ref, paths[index]!, column)),
    ...covariates.flatMap((column, index) => read(data.ref, ['covariates', index], column)),
    ...read(data.ref, ['cluster'], cluster),
  ]
}
