import { isInstant } from '../core/instant.ts'
import type { JobColumnRead } from '../core/job-column-read.ts'
import type { Problem } from '../core/problem.ts'
import type { DiscontinuitySpec, SeriesSpec } from '../core/quasi-spec.ts'
import { checkInstant, type JobRef, type Refuse, readRef, refuseIn, refuseTaken } from './job-parts.ts'
import type { DiscontinuityYaml, SeriesYaml } from './quasi-schema.ts'
import { outcomePaths, readConditions, readLevel, readOutcomes } from './read-question.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/** A question of one of these kinds, and what it reads. */
export interface ReadQuasi<Spec> {
  readonly spec: Spec
  readonly refs: readonly JobRef[]
  readonly columns: readonly JobColumnRead[]
}

/** The discontinuity that the YAML declares; null where something is wrong that leaves none. */
export function readDiscontinuity(
  document: YamlDocument,
  yaml: DiscontinuityYaml,
  problems: Problem[],
): ReadQuasi<DiscontinuitySpec> | null {
  const refuse = refuseIn(document, problems)
  const { ref, refs } = readRef(document, ['units', 'model'], yaml.units.model, refuse)
  const shared = sharedOf(yaml, refuse)
  if (!shared) return null
  const { running, cutoff, treated, treatment, bandwidth, kernel, covariates } = yaml
  const taken = { 'running variable': running, treatment: treatment.column, ...outcomeRoles(shared) }
  refuseTaken('covariates', covariates, taken, refuse)
  const spec: DiscontinuitySpec = {
    ...{ kind: 'discontinuity', ...shared, treatment: treatment.name, running, cutoff, kernel, covariates },
    data: { ref, where: readConditions(yaml.units.where) },
    treatedSide: treated,
    ...(treatment.column !== undefined && { taken: treatment.column }),
    ...(bandwidth !== undefined && { bandwidth }),
  }
  const read = readsOf(document, ref)
  return {
    ...{ spec, refs },
    columns: [
      ...read(['running'], running),
      ...read(['treatment', 'column'], treatment.column),
      ...outcomeReads(yaml, shared, read),
      ...covariates.flatMap((column, index) => read(['covariates', index], column)),
      ...spec.data.where.flatMap(({ column }, index) => read(['units', 'where', index, 'column'], column)),
    ],
  }
}

/** The interrupted series that the YAML declares; null where something is wrong that leaves none. */
export function readSeries(
  document: YamlDocument,
  yaml: SeriesYaml,
  problems: Problem[],
): ReadQuasi<SeriesSpec> | null {
  const refuse = refuseIn(document, problems)
  const { ref, refs } = readRef(document, ['series', 'model'], yaml.series.model, refuse)
  const shared = sharedOf(yaml, refuse)
  if (!shared) return null
  const { treatment, lags, covariates, changed_at: changedAt } = yaml
  if (typeof changedAt === 'string' && !isInstant(changedAt))
    refuse(
      ['changed_at'],
      `'changed_at' must be a number, a date or an ISO timestamp, not '${changedAt}'`,
      "write changed_at: '2026-03-01'",
    )
  refuseTaken('covariates', covariates, { time: yaml.series.time, ...outcomeRoles(shared) }, refuse)
  const spec: SeriesSpec = {
    ...{ kind: 'interrupted_series', ...shared, treatment, covariates, changedAt: String(changedAt) },
    data: { ref, time: yaml.series.time, where: readConditions(yaml.series.where) },
    ...(lags !== undefined && { lags }),
  }
  const read = readsOf(document, ref)
  return {
    ...{ spec, refs },
    columns: [
      ...read(['series', 'time'], yaml.series.time),
      ...outcomeReads(yaml, shared, read),
      ...covariates.flatMap((column, index) => read(['covariates', index], column)),
      ...spec.data.where.flatMap(({ column }, index) => read(['series', 'where', index, 'column'], column)),
    ],
  }
}

type Shared = Pick<DiscontinuitySpec, 'question' | 'outcomes' | 'missing' | 'ciLevel' | 'truth' | 'asOf'>

function sharedOf(yaml: DiscontinuityYaml | SeriesYaml, refuse: Refuse): Shared | null {
  const outcomes = readOutcomes(yaml, refuse)
  checkInstant(['as_of'], yaml.as_of, refuse)
  if (outcomes.length === 0) return null
  return {
    ...{ question: yaml.question, outcomes, missing: yaml.missing, ciLevel: readLevel(yaml, refuse) },
    ...(yaml.truth && { truth: { effects: yaml.truth.effects } }),
    asOf: yaml.as_of,
  }
}

/** Held fixed, an outcome would leave nothing to be explained. */
function outcomeRoles({ outcomes }: Shared): Readonly<Record<string, string>> {
  return Object.fromEntries(outcomes.map(({ name, column }) => [`outcome '${name}'`, column]))
}

type Read = (path: YamlPath, column: string | undefined) => JobColumnRead[]

function readsOf(document: YamlDocument, ref: string): Read {
  return (path, column) =>
    ref === '' || column === undefined ? [] : [{ ref, column, place: document.placeOf(path) }]
}

function outcomeReads(
  yaml: DiscontinuityYaml | SeriesYaml,
  { outcomes }: Shared,
  read: Read,
): JobColumnRead[] {
  const paths = outcomePaths(yaml)
  return outcomes.flatMap(({ column }, index) => read(paths[index]!, column))
}
