import { basename } from 'node:path'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { JobColumnRead } from '../core/job-column-read.ts'
import type { JobSpec } from '../core/job-spec.ts'
import type { Problem } from '../core/problem.ts'
import type { JobDeclaration, ProjectFile } from '../core/project.ts'
import { type CausalYaml, causalSchema } from './causal-schema.ts'
import { checkYaml, type UnknownKeys } from './check-yaml.ts'
import { mergedConfig, readDescribed } from './described.ts'
import { type DidYaml, didSchema } from './did-schema.ts'
import { type DriftYaml, driftSchema } from './drift-schema.ts'
import { type ExperimentYaml, exposuresExperimentSchema, unitsExperimentSchema } from './experiment-schema.ts'
import { experimentColumns, metricColumns } from './job-columns.ts'
import type { JobRef } from './job-parts.ts'
import { experimentsOfSet, type LinkedExperiment, linkExperiments } from './link-experiments.ts'
import { type MetricsYaml, metricsSchema } from './metrics-schema.ts'
import { propertiesSchema } from './properties-schema.ts'
import { type DiscontinuityYaml, discontinuitySchema, type SeriesYaml, seriesSchema } from './quasi-schema.ts'
import { readCausal } from './read-causal.ts'
import { readDid } from './read-did.ts'
import { readDrift } from './read-drift.ts'
import { readExperiment } from './read-experiment.ts'
import { type MetricSet, readMetrics } from './read-metrics.ts'
import { noProperties, type Properties, readPropertiesDocument } from './read-properties.ts'
import { readDiscontinuity, readSeries } from './read-quasi.ts'
import { parseYaml, type YamlDocument, yamlProblem } from './yaml-document.ts'

/*
 * Jobs. Each file declares one, but what an experiment may say depends on the metrics that others declare, and what
 * metrics read on the experiments that use them: so files are checked one by one, and jobs made of all together.
 */

const jobKinds = ['causal', 'did', 'discontinuity', 'drift', 'experiment', 'interrupted_series', 'metrics']

/** A job whose own keys are known to be well. */
export type JobDraft =
  | { readonly kind: 'metrics'; readonly document: YamlDocument; readonly yaml: MetricsYaml }
  | { readonly kind: 'experiment'; readonly document: YamlDocument; readonly yaml: ExperimentYaml }
  | { readonly kind: 'causal'; readonly document: YamlDocument; readonly yaml: CausalYaml }
  | {
      readonly kind: 'discontinuity'
      readonly document: YamlDocument
      readonly yaml: DiscontinuityYaml
    }
  | { readonly kind: 'interrupted_series'; readonly document: YamlDocument; readonly yaml: SeriesYaml }
  | { readonly kind: 'did'; readonly document: YamlDocument; readonly yaml: DidYaml }
  | { readonly kind: 'drift'; readonly document: YamlDocument; readonly yaml: DriftYaml }
  /** One whose keys are not, which has been told. */
  | { readonly kind: 'refused' }

/** A file under analytics/ declares one job, or has sections that describe nodes, as beside the models. */
export interface AnalyticsFile {
  readonly job: JobDraft | null
  readonly properties: Properties
}

/** Reads one file under analytics/; what is wrong goes to `problems`. */
export function readAnalytics(
  file: ProjectFile,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): AnalyticsFile {
  const document = parseYaml(file, problems)
  if (!document) return { job: { kind: 'refused' }, properties: noProperties }
  if (describesNodes(document.value))
    return { job: null, properties: readPropertiesDocument(document, unknownKeys, problems) }
  return { job: draftJob(document, unknownKeys, problems), properties: noProperties }
}

function describesNodes(value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (typeof value !== 'object' || 'kind' in value) return false
  return Object.keys(value).some(
    (key) => key in propertiesSchema.shape && key !== 'tests' && key !== 'data_tests',
  )
}

function draftJob(document: YamlDocument, unknownKeys: UnknownKeys, problems: Problem[]): JobDraft {
  const kind = knownKind(document, problems)
  if (kind === 'metrics') {
    const yaml = checkYaml(document, metricsSchema, problems, unknownKeys)
    return yaml ? { kind, document, yaml } : { kind: 'refused' }
  }
  if (kind === 'causal') {
    const yaml = checkYaml(document, causalSchema, problems, unknownKeys)
    return yaml ? { kind, document, yaml } : { kind: 'refused' }
  }
  if (kind === 'discontinuity') {
    const yaml = checkYaml(document, discontinuitySchema, problems, unknownKeys)
    return yaml ? { kind, document, yaml } : { kind: 'refused' }
  }
  if (kind === 'interrupted_series') {
    const yaml = checkYaml(document, seriesSchema, problems, unknownKeys)
    return yaml ? { kind, document, yaml } : { kind: 'refused' }
  }
  if (kind === 'did') {
    const yaml = checkYaml(document, didSchema, problems, unknownKeys)
    return yaml ? { kind, document, yaml } : { kind: 'refused' }
  }
  if (kind === 'drift') {
    const yaml = checkYaml(document, driftSchema, problems, unknownKeys)
    return yaml ? { kind, document, yaml } : { kind: 'refused' }
  }
  if (kind === 'experiment') {
    const yaml = checkExperiment(document, unknownKeys, problems)
    return yaml ? { kind, document, yaml } : { kind: 'refused' }
  }
  return { kind: 'refused' }
}

/** The two forms have keys of their own; which one is meant shows in where the arms come from. */
function checkExperiment(
  document: YamlDocument,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): ExperimentYaml | null {
  const value = document.value as Readonly<Record<string, unknown>>
  if ('exposures' in value && 'units' in value) {
    const message = "an experiment has 'units' or 'exposures', not both"
    const hint =
      'units: one row per unit with its outcomes; exposures: who was exposed when, outcomes from kind: metrics'
    problems.push(yamlProblem(document, ['exposures'], message, { hint }))
    return null
  }
  const declared = Array.isArray(value['metrics']) ? value['metrics'].findIndex(isDeclaration) : -1
  if ('exposures' in value && declared >= 0) {
    const message = 'metrics over exposures are declared in a file of their own'
    const hint = 'move it to a file below analytics/ with kind: metrics, and write its name here'
    problems.push(yamlProblem(document, ['metrics', declared], message, { hint }))
    return null
  }
  if ('exposures' in value) return checkYaml(document, exposuresExperimentSchema, problems, unknownKeys)
  return checkYaml(document, unitsExperimentSchema, problems, unknownKeys)
}

function isDeclaration(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && 'kind' in value
}

function knownKind(document: YamlDocument, problems: Problem[]): string | null {
  const { value } = document
  const kind =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['kind'] : undefined
  if (typeof kind === 'string' && jobKinds.includes(kind)) return kind
  const wanted = `'kind' must be ${quotedList(jobKinds)}`
  const message = kind === undefined ? "'kind' is missing" : `${wanted}, not '${String(kind)}'`
  const hint = kind === undefined ? `${wanted}` : didYouMean(String(kind), jobKinds)
  problems.push(yamlProblem(document, ['kind'], message, { hint }))
  return null
}

/** Makes the jobs of a project, in the order of their files; what is wrong between them goes to `problems`. */
export function readJobs(drafts: readonly JobDraft[], problems: Problem[]): JobDeclaration[] {
  const sets = new Map<string, MetricSet>()
  for (const draft of drafts)
    if (draft.kind === 'metrics') sets.set(nameOf(draft), readMetrics(draft.document, draft.yaml, problems))
  // What uses a file that is not understood would be told to be wrong as well.
  const isWhole = drafts.every(({ kind }) => kind !== 'refused')
  const experiments = new Map<JobDraft, LinkedExperiment>()
  for (const draft of drafts)
    if (draft.kind === 'experiment' && (isWhole || 'units' in draft.yaml)) {
      const read = readExperiment(draft.document, draft.yaml, sets, problems)
      experiments.set(draft, { ...read, name: nameOf(draft), document: draft.document })
    }
  if (isWhole) linkExperiments([...experiments.values()], sets, problems)
  return drafts.flatMap((draft): JobDeclaration[] => {
    if (draft.kind === 'refused') return []
    if (draft.kind === 'metrics') {
      const set = sets.get(nameOf(draft))!
      const used = experimentsOfSet(nameOf(draft), [...experiments.values()])
      const refs = [...set.refs, ...used.flatMap(({ refs: exposed }) => exposed)]
      const spec = { ...set.spec, experiments: used.map(({ part }) => part) }
      const columns = metricColumns(draft.document, draft.yaml, set)
      return [declaration(draft, { spec, refs, columns }, problems)]
    }
    if (draft.kind === 'causal') {
      const causal = readCausal(draft.document, draft.yaml, problems)
      return causal ? [declaration(draft, causal, problems)] : []
    }
    if (draft.kind === 'discontinuity') {
      const read = readDiscontinuity(draft.document, draft.yaml, problems)
      return read ? [declaration(draft, read, problems)] : []
    }
    if (draft.kind === 'interrupted_series') {
      const read = readSeries(draft.document, draft.yaml, problems)
      return read ? [declaration(draft, read, problems)] : []
    }
    if (draft.kind === 'did') {
      const did = readDid(draft.document, draft.yaml, problems)
      return did ? [declaration(draft, did, problems)] : []
    }
    if (draft.kind === 'drift')
      return [declaration(draft, readDrift(draft.document, draft.yaml, problems), problems)]
    const experiment = experiments.get(draft)
    if (!experiment) return []
    const columns = experimentColumns(draft.document, draft.yaml, experiment.spec.data.ref)
    return [declaration(draft, { ...experiment, columns }, problems)]
  })
}

function nameOf({ document, yaml }: Exclude<JobDraft, { readonly kind: 'refused' }>): string {
  return yaml.name ?? basename(document.file).replace(/\.ya?ml$/, '')
}

/** What was made of a draft. */
interface ReadJob {
  readonly spec: JobSpec
  readonly refs: readonly JobRef[]
  readonly columns: readonly JobColumnRead[]
}

function declaration(
  draft: Exclude<JobDraft, { readonly kind: 'refused' }>,
  { spec, refs, columns }: ReadJob,
  problems: Problem[],
): JobDeclaration {
  const { document, yaml } = draft
  return {
    ...document.origin,
    name: nameOf(draft),
    description: yaml.description,
    spec,
    ...readDescribed(document, [], yaml, problems),
    config: mergedConfig(yaml.config, yaml.tags, yaml.meta),
    refs: refs.filter(({ name }, index) => refs.findIndex((one) => one.name === name) === index),
    columnReads: columns,
    place: document.placeOf([]),
  }
}
