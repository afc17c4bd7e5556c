import type { Problem } from '../core/problem.ts'
import type {
  ExposureSpec,
  GroupSpec,
  MacroPatch,
  Origin,
  PatchSpec,
  SemanticSpec,
  SourceTableSpec,
  SourceText,
  UnitTestSpec,
} from '../core/project.ts'
import { checkYaml, type UnknownKeys } from './check-yaml.ts'
import { dbtPropertiesSchema, type PropertiesYaml, propertiesSchema } from './properties-schema.ts'
import { readExposure, readGroup } from './read-declarations.ts'
import { readFunctionPatch, readMacroPatch, readPatch, readSnapshot, readTestPatch } from './read-patches.ts'
import { readModelSemantics, readSemantic } from './read-semantics.ts'
import { readSource } from './read-sources.ts'
import { readUnitTest } from './read-unit-tests.ts'
import { parseYaml, type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/** What the YAML files beside models, seeds, macros and tests say. */
export interface Properties {
  readonly patches: readonly PatchSpec[]
  readonly macroPatches: readonly MacroPatch[]
  readonly sources: readonly SourceTableSpec[]
  readonly exposures: readonly ExposureSpec[]
  readonly groups: readonly GroupSpec[]
  readonly unitTests: readonly UnitTestSpec[]
  readonly semantic: readonly SemanticSpec[]
}

export const noProperties: Properties = {
  patches: [],
  macroPatches: [],
  sources: [],
  exposures: [],
  groups: [],
  unitTests: [],
  semantic: [],
}

/** Reads one file of properties; what is wrong goes to `problems`. */
export function readProperties(
  file: SourceText & Origin,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): Properties {
  const document = parseYaml(file, problems, { isLenient: unknownKeys === 'warning' })
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
  const checked =
    unknownKeys === 'warning'
      ? checkYaml(document, dbtPropertiesSchema, problems, unknownKeys)
      : checkYaml(document, propertiesSchema, problems, unknownKeys)
  if (!checked) return noProperties
  const yaml: PropertiesYaml = { tests: [], ...checked }
  const each = <K extends ListKey, T>(section: K, read: (entry: Entry<K>, path: YamlPath) => T): T[] =>
    (yaml[section] as Entry<K>[]).map((entry, index) => read(entry, [section, index]))
  /** dbt reads tags of models and the like in `config:` only, and selects none by those that stand beside it. */
  const likeDbt = <T extends { readonly tags: readonly string[] }>(entry: T, path: YamlPath): T => {
    if (unknownKeys === 'error' || entry.tags.length === 0) return entry
    const tags = [...path, 'tags']
    const place = document.placeOfKey(tags)
    const hint = 'write them below config:, where they count'
    const message = "dbt does not read 'tags' beside 'config', so they are no tags of it"
    const details = { code: 'config-unused', severity: 'warning', place, hint } as const
    problems.push(yamlProblem(document, tags, message, details))
    return { ...entry, tags: [] }
  }
  const patchesOf = (section: 'models' | 'seeds' | 'jobs' | 'analyses', resource: PatchSpec['resource']) =>
    each(section, (entry, path) => readPatch(document, path, resource, likeDbt(entry, path), problems))
  const reading = { document, unknownKeys, problems }
  return {
    patches: [
      ...patchesOf('models', 'model'),
      ...patchesOf('seeds', 'seed'),
      ...patchesOf('jobs', 'job'),
      ...each('snapshots', (entry, path) => readSnapshot(document, path, likeDbt(entry, path), problems)),
      ...patchesOf('analyses', 'analysis'),
      ...each('tests', (entry, path) => readTestPatch(document, path, entry)),
      ...each('data_tests', (entry, path) => readTestPatch(document, path, entry)),
      ...each('functions', (entry, path) => readFunctionPatch(document, path, entry)),
    ],
    macroPatches: each('macros', (entry, path) => readMacroPatch(document, path, entry)),
    sources: each('sources', (entry, path) => readSource(document, path, entry, problems)).flat(),
    exposures: each('exposures', (entry, path) => readExposure(document, path, entry)),
    groups: each('groups', (entry, path) => readGroup(document, path, entry)),
    unitTests: each('unit_tests', (entry, path) => readUnitTest(document, path, entry)),
    semantic: [
      ...each('models', (entry, path) => readModelSemantics(reading, path, entry)),
      ...each('metrics', (entry, path) => readSemantic(reading, path, 'metric', entry)),
      ...each('semantic_models', (entry, path) => readSemantic(reading, path, 'semantic_model', entry)),
      ...each('saved_queries', (entry, path) => readSemantic(reading, path, 'saved_query', entry)),
    ].flat(),
  }
}

type ListKey = {
  [K in keyof PropertiesYaml]: PropertiesYaml[K] extends readonly unknown[] ? K : never
}[keyof PropertiesYaml] &
  string
type Entry<K extends ListKey> = PropertiesYaml[K] extends readonly (infer T)[] ? T : never
