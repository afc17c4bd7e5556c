import type { JobSpec } from '../job-spec.ts'
import type { Manifest } from '../manifest.ts'
import type { Access, Node, ResourceType, TestNode } from '../node.ts'
import { configMatch } from './config-match.ts'
import { fnmatch } from './fnmatch.ts'
import { fqnMatch } from './fqn-match.ts'
import { pathMatch } from './path-match.ts'
import { oneOf, partsWithin, type SelectorMethod } from './selector-method.ts'
import { stateMethods } from './state-methods.ts'
import { type VersionWord, versionMatch, versionWords } from './version-match.ts'

/*
 * What may stand before the colon of a criterion. A method is a row of the table below; adding one is adding a row.
 */

export const selectorMethods: Readonly<Record<string, SelectorMethod>> = {
  fqn: {
    matcher: ({ value }) => {
      const matches = fqnMatch(value)
      // Sources are named by `source:`, since their names are seldom meant alone.
      return (node) => node.resourceType !== 'source' && matches(node.fqn, isVersioned(node))
    },
    values: (node) => (node.resourceType === 'source' ? [] : [node.name, ...node.fqn.slice(1, -1)]),
    advice: (value) =>
      /[*?[]/.test(value) && value.includes('.') && !value.startsWith('*')
        ? `a pattern with a dot is matched from the first folder on: try '*${value}'`
        : undefined,
  },
  tag: {
    matcher: ({ value }) => {
      const matches = fnmatch(value)
      return (node) => node.tags.some(matches)
    },
    values: (node) => node.tags,
  },
  path: {
    matcher: ({ value }, { manifest }) => {
      const found = pathsOf(manifest, pathMatch(value))
      const isBelow = (path: string) => foldersOf(path).some((folder) => found.has(folder))
      return ({ path, patchPath = '' }) => found.has(path) || found.has(patchPath) || isBelow(path)
    },
    values: (node) => [node.path, ...foldersOf(node.path)],
  },
  file: {
    matcher: ({ value }) => {
      const matches = fnmatch(value)
      return (node) => matches(fileName(node.path)) || matches(stem(node.path))
    },
    values: (node) => [fileName(node.path), stem(node.path)],
  },
  package: {
    matcher: ({ value }, { manifest }) => {
      const matches = fnmatch(value === 'this' ? manifest.project : value)
      return (node) => matches(node.package)
    },
    values: (node) => [node.package],
  },
  config: {
    refuse: ({ arguments: path }) =>
      path.length > 0
        ? null
        : { message: 'config needs the key that is meant', allowed: ['config.materialized:view'] },
    matcher: ({ arguments: path, value }) => {
      const matches = configMatch(path, value)
      return (node) => configurable.has(node.resourceType) && matches(node)
    },
    values: () => [],
  },
  source: {
    refuse: ({ value }) => partsWithin(value, ['source', 'source.table', 'package.source.table']),
    matcher: ({ value }) => sourceMatch(value.split('.')),
    values: (node) =>
      node.resourceType === 'source' ? [node.sourceName, `${node.sourceName}.${node.name}`] : [],
  },
  exposure: namedMethod('exposure'),
  metric: namedMethod('metric'),
  semantic_model: namedMethod('semantic_model'),
  saved_query: namedMethod('saved_query'),
  unit_test: namedMethod('unit_test'),
  group: {
    matcher: ({ value }) => {
      const matches = fnmatch(value)
      // A test belongs to the group of what it tests, without being said to.
      return (node) =>
        'group' in node && node.group !== undefined && node.resourceType !== 'test' && matches(node.group)
    },
    values: (node) => ('group' in node && node.group !== undefined ? [node.group] : []),
  },
  access: {
    refuse: ({ value }) => oneOf(value, accesses),
    matcher:
      ({ value }) =>
      (node) =>
        node.resourceType === 'model' && node.access === value,
    values: () => [],
  },
  version: {
    refuse: ({ value }) => oneOf(value, versionWords),
    matcher: ({ value }) => versionMatch(value as VersionWord),
    values: () => [],
  },
  resource_type: {
    refuse: ({ value }) => oneOf(value, Object.keys(resourceTypes)),
    matcher:
      ({ value }) =>
      (node) =>
        node.resourceType === value,
    values: (node) => [node.resourceType],
  },
  job_kind: {
    refuse: ({ value }) => oneOf(value, Object.keys(jobKinds)),
    matcher:
      ({ value }) =>
      (node) =>
        node.resourceType === 'job' && node.spec.kind === value,
    values: (node) => (node.resourceType === 'job' ? [node.spec.kind] : []),
  },
  test_name: {
    matcher: ({ value }) => {
      const matches = fnmatch(value)
      return (node) => testNames(node).some(matches)
    },
    values: testNames,
  },
  test_type: {
    refuse: ({ value }) => oneOf(value, Object.keys(testKinds)),
    matcher: ({ value }) => {
      const kinds = testKinds[value]!
      return (node) => kinds.includes(testKindOf(node))
    },
    values: () => [],
  },
  ...stateMethods,
}

/** Every kind of analysis. */
const jobKinds: Readonly<Record<JobSpec['kind'], true>> = {
  experiment: true,
  metrics: true,
  causal: true,
  did: true,
  discontinuity: true,
  interrupted_series: true,
  drift: true,
}

/** Only what is built or read has the config that `config:` looks at. */
const configurable: ReadonlySet<ResourceType> = new Set([
  'source',
  'load',
  'seed',
  'model',
  'snapshot',
  'test',
  'job',
  'job_table',
  'analysis',
  'function',
])

const accesses: readonly Access[] = ['private', 'protected', 'public']

function isVersioned(node: Node): boolean {
  return node.resourceType === 'model' && node.version !== undefined
}

/** Every type, which the compiler holds complete. */
const resourceTypes: Readonly<Record<ResourceType, true>> = {
  source: true,
  load: true,
  seed: true,
  model: true,
  snapshot: true,
  test: true,
  unit_test: true,
  job: true,
  job_table: true,
  exposure: true,
  analysis: true,
  function: true,
  metric: true,
  semantic_model: true,
  saved_query: true,
}

/** What `test_type:` selects; schema is the old word for generic. */
const testKinds: Readonly<Record<string, readonly TestKind[]>> = {
  generic: ['generic'],
  schema: ['generic'],
  singular: ['singular'],
  data: ['generic', 'singular'],
  unit: ['unit'],
}

type TestKind = TestNode['testKind'] | 'unit' | 'none'

function testKindOf(node: Node): TestKind {
  if (node.resourceType === 'unit_test') return 'unit'
  return node.resourceType === 'test' ? node.testKind : 'none'
}

/** A method for nodes of one type, by `name` or `package.name`. */
function namedMethod(resourceType: Node['resourceType']): SelectorMethod {
  return {
    refuse: ({ value }) => partsWithin(value, [resourceType, `package.${resourceType}`]),
    matcher: ({ value }) => {
      const [name, packageName] = value.split('.').reverse()
      const nameMatches = fnmatch(name!)
      const packageMatches = fnmatch(packageName ?? '*')
      return (node) =>
        node.resourceType === resourceType && nameMatches(node.name) && packageMatches(node.package)
    },
    values: (node) => (node.resourceType === resourceType ? [node.name] : []),
  }
}

function sourceMatch(parts: readonly string[]): (node: Node) => boolean {
  const [packagePart, sourcePart, tablePart] = parts.length === 3 ? parts : ['*', parts[0], parts[1] ?? '*']
  const packageMatches = fnmatch(packagePart!)
  const sourceMatches = fnmatch(sourcePart!)
  const tableMatches = fnmatch(tablePart!)
  return (node) =>
    node.resourceType === 'source' &&
    packageMatches(node.package) &&
    sourceMatches(node.sourceName) &&
    tableMatches(node.name)
}

/** The test's name as macros are called, and with the package where one was written; a unit test's own name. */
function testNames(node: Node): readonly string[] {
  if (node.resourceType === 'unit_test') return [node.name]
  if (node.resourceType !== 'test' || !node.generic) return []
  const { macro } = node.generic
  return macro.includes('.') ? [macro.slice(macro.lastIndexOf('.') + 1), macro] : [macro]
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function stem(path: string): string {
  return fileName(path).replace(/\.[^.]*$/, '')
}

/**
 * The files and folders of the project that match. A package's files are named as if they lay in the project, so
 * they are found by folders that both have.
 */
function pathsOf({ nodes, project }: Manifest, matches: (path: string) => boolean): ReadonlySet<string> {
  const own = Object.values(nodes).filter((node) => node.package === project)
  const paths = own.flatMap(({ path, patchPath }) => [
    path,
    ...foldersOf(path),
    ...(patchPath ? [patchPath] : []),
  ])
  return new Set([...new Set(paths)].filter(matches))
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
