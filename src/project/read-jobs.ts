import { basename } from 'node:path'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { Problem } from '../core/problem.ts'
import type { JobDeclaration, ProjectFile } from '../core/project.ts'
import { checkYaml, type UnknownKeys } from './check-yaml.ts'
import { mergedConfig, readDescribed } from './described.ts'
import { experimentSchema } from './experiment-schema.ts'
import { propertiesSchema } from './properties-schema.ts'
import { readExperiment } from './read-experiment.ts'
import { noProperties, type Properties, readPropertiesDocument } from './read-properties.ts'
import { parseYaml, type YamlDocument, yamlProblem } from './yaml-document.ts'

const jobKinds = ['experiment']

/** A file under analytics/ declares one job, or has sections that describe nodes, as beside the models. */
export interface AnalyticsFile {
  readonly job: JobDeclaration | null
  readonly properties: Properties
}

/** Reads one file under analytics/; what is wrong goes to `problems`. */
export function readAnalytics(
  file: ProjectFile,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): AnalyticsFile {
  const document = parseYaml(file, problems)
  if (!document) return { job: null, properties: noProperties }
  if (describesNodes(document.value))
    return { job: null, properties: readPropertiesDocument(document, unknownKeys, problems) }
  return { job: readJob(document, unknownKeys, problems), properties: noProperties }
}

function describesNodes(value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (typeof value !== 'object' || 'kind' in value) return false
  return Object.keys(value).some(
    (key) => key in propertiesSchema.shape && key !== 'tests' && key !== 'data_tests',
  )
}

function readJob(
  document: YamlDocument,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): JobDeclaration | null {
  if (!hasKnownKind(document, problems)) return null
  const yaml = checkYaml(document, experimentSchema, problems, unknownKeys)
  if (!yaml) return null
  const ref = refOf(yaml.units.model)
  if (ref === null) {
    const hint = "write the model's name, or ref('name')"
    const message = `'model' must name a model, not '${yaml.units.model}'`
    problems.push(yamlProblem(document, ['units', 'model'], message, { hint }))
  }
  return {
    ...document.origin,
    name: yaml.name ?? basename(document.file).replace(/\.ya?ml$/, ''),
    description: yaml.description,
    spec: readExperiment(document, yaml, ref ?? '', problems),
    ...readDescribed(document, [], yaml, problems),
    config: mergedConfig(yaml.config, yaml.tags, yaml.meta),
    refs: ref === null ? [] : [{ name: ref, place: document.placeOf(['units', 'model']) }],
    place: document.placeOf([]),
  }
}

function hasKnownKind(document: YamlDocument, problems: Problem[]): boolean {
  const { value } = document
  const kind =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['kind'] : undefined
  if (typeof kind === 'string' && jobKinds.includes(kind)) return true
  const wanted = `'kind' must be ${quotedList(jobKinds)}`
  const message = kind === undefined ? "'kind' is missing" : `${wanted}, not '${String(kind)}'`
  const hint = kind === undefined ? `${wanted}` : didYouMean(String(kind), jobKinds)
  problems.push(yamlProblem(document, ['kind'], message, { hint }))
  return false
}

/** The model's name in `name`, `ref('name')` or `{{ ref('name') }}`. */
function refOf(text: string): string | null {
  const inner = /^\{\{\s*(.*?)\s*\}\}$/.exec(text.trim())?.[1] ?? text.trim()
  const called = /^ref\(\s*(['"])([^'"]+)\1\s*\)$/.exec(inner)?.[2]
  if (called !== undefined) return called
  return /^[A-Za-z_][\w$]*$/.test(inner) ? inner : null
}
