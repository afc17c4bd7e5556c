import { quotedList } from '../did-you-mean.ts'
import type { Manifest } from '../manifest.ts'
import type { Node, ResourceType, TestNode } from '../node.ts'
import { configMatch } from './config-match.ts'
import { fnmatch } from './fnmatch.ts'
import { fqnMatch } from './fqn-match.ts'
import { pathMatch } from './path-match.ts'

/*
 * What may stand before the colon of a criterion. A method is a row of the table below; adding one is adding a row.
 */

/** What methods may look at besides the node. */
export interface SelectorContext {
  readonly manifest: Manifest
}

/** A criterion's method with its arguments and value, as it was written. */
export interface MethodCall {
  readonly arguments: readonly string[]
  readonly value: string
}

export interface SelectorMethod {
  /** What is wrong with the call, and what is allowed instead; nothing when it is fine. */
  readonly refuse?: (
    call: MethodCall,
  ) => { readonly message: string; readonly allowed: readonly string[] } | null
  /** A test for the nodes that the call selects. */
  readonly matcher: (call: MethodCall, context: SelectorContext) => (node: Node) => boolean
  /** The values that would select this node, for suggestions. */
  readonly values: (node: Node) => readonly string[]
  /** What to try when a value that looks right selects nothing. */
  readonly advice?: (value: string) => string | undefined
}

export const selectorMethods: Readonly<Record<string, SelectorMethod>> = {
  fqn: {
    matcher: ({ value }) => {
      const matches = fqnMatch(value)
      // Sources are named by `source:`, since their names are seldom meant alone.
      return (node) => node.resourceType !== 'source' && matches(node.fqn)
    },
    values: (node) => (node.resourceType === 'source' ? [] : [node.name, ...node.fqn.slice(1, -1)]),
    advice: (value) =>
      /[*?[]/.test(value) && !value.startsWith('*')
        ? `a pattern is matched from the first folder on: try '*${value}'`
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
    matcher: ({ value }) => {
      const matches = pathMatch(value)
      return (node) => matches(node.path)
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
      return (node) => node.resourceType !== 'exposure' && matches(node)
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
  resource_type: {
    refuse: ({ value }) => oneOf(value, Object.keys(resourceTypes)),
    matcher:
      ({ value }) =>
      (node) =>
        node.resourceType === value,
    values: (node) => [node.resourceType],
  },
  test_name: {
    matcher: ({ value }) => {
      const matches = fnmatch(value)
      return (node) => genericNames(node).some(matches)
    },
    values: genericNames,
  },
  test_type: {
    refuse: ({ value }) => oneOf(value, Object.keys(testKinds)),
    matcher: ({ value }) => {
      const kinds = testKinds[value]!
      return (node) => node.resourceType === 'test' && kinds.includes(node.testKind)
    },
    values: () => [],
  },
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
  exposure: true,
  analysis: true,
  metric: true,
  semantic_model: true,
  saved_query: true,
}

/** What `test_type:` selects; schema is the old word for generic. */
const testKinds: Readonly<Record<string, readonly TestNode['testKind'][]>> = {
  generic: ['generic'],
  schema: ['generic'],
  singular: ['singular'],
  data: ['generic', 'singular'],
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

function partsWithin(value: string, forms: readonly string[]) {
  if (value.split('.').length <= forms.length) return null
  return { message: `'${value}' has too many parts`, allowed: forms }
}

function oneOf(value: string, allowed: readonly string[]) {
  if (allowed.includes(value)) return null
  return { message: `it must be ${quotedList(allowed)}, not '${value}'`, allowed }
}

/** The test's name as macros are called, and with the package where one was written. */
function genericNames(node: Node): readonly string[] {
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

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
