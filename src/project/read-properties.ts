import { makeProblem, type Problem } from '../core/problem.ts'
import type { ExposureSpec, PatchSpec, ProjectFile, SourceTableSpec } from '../core/project.ts'
import { checkYaml, type UnknownKeys } from './check-yaml.ts'
import { mergedConfig, readDescribed } from './described.ts'
import {
  configKeys,
  type ExposureYaml,
  extraPatchKeys,
  laterSections,
  type PatchYaml,
  propertiesSchema,
  type SingularTestYaml,
  type SourceTableYaml,
  type SourceYaml,
  sourceConfigKeys,
} from './properties-schema.ts'
import { pick } from './schema-pieces.ts'
import { parseYaml, type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/** What the YAML files beside models, seeds, macros and tests say. */
export interface Properties {
  readonly patches: readonly PatchSpec[]
  readonly sources: readonly SourceTableSpec[]
  readonly exposures: readonly ExposureSpec[]
}

export const noProperties: Properties = { patches: [], sources: [], exposures: [] }

/** Reads one file of properties; what is wrong goes to `problems`. */
export function readProperties(file: ProjectFile, unknownKeys: UnknownKeys, problems: Problem[]): Properties {
  const document = parseYaml(file, problems)
  return document ? readPropertiesDocument(document, unknownKeys, problems) : noProperties
}

/** As readProperties, for a file that has been parsed already. */
export function readPropertiesDocument(
  document: YamlDocument,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): Properties {
  // An empty file, or one in which everything is commented out, says nothing.
  if (document.value === null || document.value === undefined) return noProperties
  const yaml = checkYaml(document, propertiesSchema, problems, unknownKeys)
  if (!yaml) return noProperties
  for (const section of laterSections) if (yaml[section]) problems.push(laterWarning(document, section))
  const patchesOf = (section: 'models' | 'seeds' | 'jobs', resource: PatchSpec['resource']) =>
    yaml[section].map((entry, index) => readPatch(document, [section, index], resource, entry, problems))
  return {
    patches: [
      ...patchesOf('models', 'model'),
      ...patchesOf('seeds', 'seed'),
      ...patchesOf('jobs', 'job'),
      ...yaml.tests.map((entry, index) => testPatch(document, ['tests', index], entry)),
      ...yaml.data_tests.map((entry, index) => testPatch(document, ['data_tests', index], entry)),
    ],
    sources: yaml.sources.flatMap((source, index) =>
      readSource(document, ['sources', index], source, problems),
    ),
    exposures: yaml.exposures.map((entry, index) => readExposure(document, ['exposures', index], entry)),
  }
}

function laterWarning(document: YamlDocument, section: string): Problem {
  return makeProblem('not-supported', `'${section}' is read over: Estimand does not act on it yet`, {
    place: document.placeOfKey([section]),
    source: document.text,
    severity: 'warning',
  })
}

function readPatch(
  document: YamlDocument,
  path: YamlPath,
  resource: PatchSpec['resource'],
  entry: PatchYaml,
  problems: Problem[],
): PatchSpec {
  return {
    resource,
    name: entry.name,
    description: entry.description,
    ...readDescribed(document, path, entry, problems),
    config: mergedConfig({ ...pick(entry, configKeys), ...entry.config }, entry.tags, entry.meta),
    extra: pick(entry, extraPatchKeys),
    place: document.placeOf(path),
  }
}

function testPatch(document: YamlDocument, path: YamlPath, entry: SingularTestYaml): PatchSpec {
  return {
    resource: 'test',
    name: entry.name,
    description: entry.description,
    columns: [],
    tests: [],
    config: mergedConfig(entry.config, entry.tags, entry.meta),
    extra: {},
    place: document.placeOf(path),
  }
}

function readSource(
  document: YamlDocument,
  path: YamlPath,
  source: SourceYaml,
  problems: Problem[],
): SourceTableSpec[] {
  if (source.tests || source.data_tests) {
    const message = `the tests of source '${source.name}' belong to one of its tables`
    const key = source.tests ? 'tests' : 'data_tests'
    problems.push(
      yamlProblem(document, [...path, key], message, { place: document.placeOfKey([...path, key]) }),
    )
  }
  const config = {
    ...pick(source, sourceConfigKeys),
    ...mergedConfig(source.config, source.tags, source.meta),
  }
  return source.tables.map((table, index) =>
    readSourceTable(document, [...path, 'tables', index], source, config, table, problems),
  )
}

function readSourceTable(
  document: YamlDocument,
  path: YamlPath,
  source: SourceYaml,
  inherited: Readonly<Record<string, unknown>>,
  table: SourceTableYaml,
  problems: Problem[],
): SourceTableSpec {
  const { tags = [], meta = {}, ...rest } = inherited as { tags?: string[]; meta?: Record<string, unknown> }
  return {
    sourceName: source.name,
    sourceDescription: source.description,
    schema: source.schema ?? source.name,
    name: table.name,
    identifier: table.identifier ?? table.name,
    description: table.description,
    ...readDescribed(document, path, table, problems),
    config: mergedConfig(
      { ...rest, ...pick(table, sourceConfigKeys), ...table.config },
      [...tags, ...table.tags],
      {
        ...meta,
        ...table.meta,
      },
    ),
    extra: {
      ...pick(source, ['database', 'catalog', 'overrides']),
      ...pick(table, ['external', 'docs', 'constraints']),
    },
    place: document.placeOf(path),
  }
}

function readExposure(document: YamlDocument, path: YamlPath, entry: ExposureYaml): ExposureSpec {
  const email = Array.isArray(entry.owner.email) ? entry.owner.email[0] : entry.owner.email
  return {
    name: entry.name,
    description: entry.description,
    type: entry.type,
    owner: { ...(entry.owner.name && { name: entry.owner.name }), ...(email && { email }) },
    ...(entry.url && { url: entry.url }),
    dependsOn: entry.depends_on,
    config: mergedConfig({ ...pick(entry, ['enabled']), ...entry.config }, entry.tags, entry.meta),
    extra: pick(entry, ['label', 'maturity']),
    place: document.placeOf(path),
  }
}
