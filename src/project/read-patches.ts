import type { Problem } from '../core/problem.ts'
import type { ColumnSpec, MacroPatch, PatchSpec, VersionSpec } from '../core/project.ts'
import { mergedConfig, readColumns, readDescribed, testsOf } from './described.ts'
import {
  type ColumnYaml,
  configKeys,
  extraPatchKeys,
  extraVersionKeys,
  type FunctionYaml,
  type MacroYaml,
  type PatchYaml,
  type SingularTestYaml,
  type SnapshotYaml,
  type VersionYaml,
} from './properties-schema.ts'
import { pick } from './schema-pieces.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/*
 * What YAML says about nodes and macros that files define.
 */

/** A model, seed, job or analysis. */
export function readPatch(
  document: YamlDocument,
  path: YamlPath,
  resource: PatchSpec['resource'],
  entry: PatchYaml,
  problems: Problem[],
): PatchSpec {
  const patch = plainPatch(document, path, resource, entry, problems)
  return {
    ...patch,
    versions: entry.versions.map((version, index) =>
      readVersion(document, [...path, 'versions', index], version, patch, problems),
    ),
    ...(entry.latest_version != null && { latestVersion: entry.latest_version }),
  }
}

/** A snapshot, which may be declared in YAML alone. */
export function readSnapshot(
  document: YamlDocument,
  path: YamlPath,
  entry: SnapshotYaml,
  problems: Problem[],
): PatchSpec {
  return {
    ...plainPatch(document, path, 'snapshot', entry, problems),
    ...(entry.relation && { relation: entry.relation }),
  }
}

function plainPatch(
  document: YamlDocument,
  path: YamlPath,
  resource: PatchSpec['resource'],
  entry: Omit<
    PatchYaml,
    'versions' | 'latest_version' | 'quote_columns' | 'time_spine' | 'deprecation_date'
  > &
    Pick<Partial<PatchYaml>, 'quote_columns'>,
  problems: Problem[],
): PatchSpec {
  return {
    ...document.origin,
    resource,
    name: entry.name,
    description: entry.description,
    ...readDescribed(document, path, entry, problems, entry.quote_columns),
    config: mergedConfig({ ...pick(entry, configKeys), ...entry.config }, entry.tags, entry.meta),
    versions: [],
    extra: pick(entry, extraPatchKeys),
    place: document.placeOf(path),
  }
}

/** What is said of one version over what is said of the model. */
function readVersion(
  document: YamlDocument,
  path: YamlPath,
  version: VersionYaml,
  model: PatchSpec,
  problems: Problem[],
): VersionSpec {
  const hasTests = version.tests != null || version.data_tests != null
  const tests = { tests: version.tests ?? [], data_tests: version.data_tests ?? [] }
  return {
    v: version.v,
    ...(version.defined_in && { definedIn: version.defined_in }),
    description: version.description ?? model.description,
    columns: versionColumns(document, path, version, model, problems),
    tests: hasTests ? testsOf(document, path, tests, problems) : model.tests,
    config: { ...pick(version, configKeys), ...version.config },
    extra: { ...model.extra, ...pick(version, extraVersionKeys) },
  }
}

/** A version has the model's columns unless it says which, and those that it describes itself. */
function versionColumns(
  document: YamlDocument,
  path: YamlPath,
  { columns }: VersionYaml,
  model: PatchSpec,
  problems: Problem[],
): readonly ColumnSpec[] {
  if (columns == null) return model.columns
  const isOwn = (column: (typeof columns)[number]): column is ColumnYaml => 'name' in column
  const rule = columns.flatMap((column) => (isOwn(column) ? [] : [column]))[0]
  const inherited = model.columns.filter(({ name }) => !rule || isTaken(rule, name))
  const own = readColumns(
    document,
    columns.flatMap((column, index) =>
      isOwn(column) ? [{ column, path: [...path, 'columns', index] }] : [],
    ),
    problems,
  )
  const replaced = new Set(own.map(({ name }) => name))
  return [...inherited.filter(({ name }) => !replaced.has(name)), ...own]
}

function isTaken(
  rule: { readonly include: string | readonly string[]; readonly exclude: readonly string[] },
  name: string,
) {
  const { include, exclude } = rule
  const included = typeof include === 'string' ? ['*', 'all', name].includes(include) : include.includes(name)
  return included && !exclude.includes(name)
}

/** A singular test that is described in YAML. */
export function readTestPatch(document: YamlDocument, path: YamlPath, entry: SingularTestYaml): PatchSpec {
  return {
    ...document.origin,
    resource: 'test',
    name: entry.name,
    description: entry.description,
    columns: [],
    tests: [],
    versions: [],
    config: mergedConfig(entry.config, entry.tags, entry.meta),
    extra: {},
    place: document.placeOf(path),
  }
}

/** What is said about a function of the database: its signature, which stands in `extra`. */
export function readFunctionPatch(document: YamlDocument, path: YamlPath, entry: FunctionYaml): PatchSpec {
  return {
    ...document.origin,
    resource: 'function',
    name: entry.name,
    description: entry.description,
    columns: [],
    tests: [],
    versions: [],
    config: mergedConfig({ ...pick(entry, ['docs', 'group']), ...entry.config }, entry.tags, entry.meta),
    extra: pick(entry, ['arguments', 'returns', 'overloads']),
    place: document.placeOf(path),
  }
}

/** What is said about a macro and its arguments. */
export function readMacroPatch(document: YamlDocument, path: YamlPath, entry: MacroYaml): MacroPatch {
  return {
    ...document.origin,
    name: entry.name,
    description: entry.description,
    arguments: entry.arguments.map(({ name, type, description }) => ({
      name,
      ...(type != null && { type }),
      description,
    })),
    config: (entry.config as Record<string, unknown> | undefined) ?? {},
    extra: pick(entry, ['docs', 'meta']),
    place: document.placeOf(path),
  }
}
