import type { Problem } from '../core/problem.ts'
import type { ColumnSpec, TestSpec } from '../core/project.ts'
import { type ColumnYaml, extraColumnKeys } from './properties-schema.ts'
import { pick } from './schema-pieces.ts'
import { readTests } from './test-declarations.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * What models, seeds, jobs and source tables have in common in YAML: columns, tests, config, tags and meta.
 */

interface Described {
  readonly columns: readonly ColumnYaml[]
  readonly tests: readonly unknown[]
  readonly data_tests: readonly unknown[]
}

type Mapping = Readonly<Record<string, unknown>>

/** The columns and tests of an entry, with their places. `quote` is for columns that say nothing of quotes. */
export function readDescribed(
  document: YamlDocument,
  path: YamlPath,
  entry: Described,
  problems: Problem[],
  quote?: boolean | null,
): { readonly columns: readonly ColumnSpec[]; readonly tests: readonly TestSpec[] } {
  const entries = entry.columns.map((column, index) => ({ column, path: [...path, 'columns', index] }))
  const columns = readColumns(document, entries, problems)
  return {
    columns: quote == null ? columns : columns.map((column) => ({ quote, ...column })),
    tests: testsOf(document, path, entry, problems),
  }
}

/** Columns with their places; one that is described twice is a problem. */
export function readColumns(
  document: YamlDocument,
  entries: readonly { readonly column: ColumnYaml; readonly path: YamlPath }[],
  problems: Problem[],
): ColumnSpec[] {
  const seen = new Map<string, YamlPath>()
  return entries.map(({ column, path }) => {
    const first = seen.get(column.name.toLowerCase())
    if (first !== undefined) {
      const related = [{ place: document.placeOf(first), message: 'first described here' }]
      const message = `column '${column.name}' is described twice`
      problems.push(
        yamlProblem(document, [...path, 'name'], message, {
          code: 'name-duplicate',
          severity: document.isLenient ? 'warning' : 'error',
          related,
        }),
      )
    }
    seen.set(column.name.toLowerCase(), path)
    return readColumn(document, path, column, problems)
  })
}

function readColumn(
  document: YamlDocument,
  path: YamlPath,
  column: ColumnYaml,
  problems: Problem[],
): ColumnSpec {
  return {
    name: column.name,
    description: column.description,
    ...(column.data_type && { dataType: column.data_type }),
    tags: [...new Set(mergedTags(column.config, column.tags))],
    meta: mergedMeta(column.config, column.meta),
    config: column.config,
    tests: testsOf(document, path, column, problems),
    ...(column.quote != null && { quote: column.quote }),
    constraints: column.constraints,
    extra: pick(column, extraColumnKeys),
  }
}

/** The tests of an entry, under either of their names. */
export function testsOf(
  document: YamlDocument,
  path: YamlPath,
  entry: Omit<Described, 'columns'>,
  problems: Problem[],
): TestSpec[] {
  return [
    ...readTests(document, [...path, 'tests'], entry.tests, problems),
    ...readTests(document, [...path, 'data_tests'], entry.data_tests, problems),
  ]
}

/** `tags:` and `meta:` beside `config:` are config too: tags add up, keys of meta inside `config:` win. */
export function mergedConfig(config: Mapping, outerTags: readonly string[], outerMeta: Mapping): Mapping {
  const tags = mergedTags(config, outerTags)
  const meta = mergedMeta(config, outerMeta)
  return {
    ...config,
    ...(outerTags.length > 0 && isTextList(config['tags']) && { tags }),
    ...(Object.keys(meta).length > 0 && { meta }),
  }
}

/** Whether tags are what tags may be; what is not is left for whoever checks the config. */
function isTextList(tags: unknown): boolean {
  return !Array.isArray(tags) || tags.every((tag) => typeof tag !== 'object')
}

function mergedTags(config: Mapping, outer: readonly string[]): readonly string[] {
  const inner = config['tags']
  const innerTags = typeof inner === 'string' ? [inner] : Array.isArray(inner) ? inner.map(String) : []
  return [...new Set(outer), ...innerTags.filter((tag) => !outer.includes(tag))]
}

function mergedMeta(config: Mapping, outer: Mapping): Mapping {
  const { meta } = config
  const isOdd = meta != null && (typeof meta !== 'object' || Array.isArray(meta))
  return isOdd ? {} : { ...outer, ...(meta as Mapping | null | undefined) }
}
