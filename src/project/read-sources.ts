import type { Problem } from '../core/problem.ts'
import type { SourceTableSpec } from '../core/project.ts'
import { mergedConfig, readDescribed } from './described.ts'
import { type SourceTableYaml, type SourceYaml, sourceConfigKeys } from './properties-schema.ts'
import { pick } from './schema-pieces.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

type Mapping = Readonly<Record<string, unknown>>

/** The tables of a source, each with what is said of the whole source. */
export function readSource(
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
  inherited: Mapping,
  table: SourceTableYaml,
  problems: Problem[],
): SourceTableSpec {
  const { tags = [], meta = {}, ...rest } = inherited as { tags?: string[]; meta?: Mapping }
  const own = { ...pick(table, sourceConfigKeys), ...table.config }
  const { freshness: _, ...merged } = { ...rest, ...own } as Mapping
  const freshness = mergedFreshness(rest, own)
  const quoting = {
    ...((rest as Mapping)['quoting'] as Mapping | undefined),
    ...(own['quoting'] as Mapping | undefined),
  }
  return {
    ...document.origin,
    sourceName: source.name,
    sourceDescription: source.description,
    schema: source.schema ?? source.name,
    name: table.name,
    identifier: table.identifier ?? table.name,
    description: table.description,
    ...(source.overrides && { overrides: source.overrides }),
    ...readDescribed(document, path, table, problems, quoting['column'] as boolean | null | undefined),
    config: mergedConfig(
      {
        ...merged,
        ...(freshness !== undefined && { freshness }),
        ...(Object.keys(quoting).length > 0 && { quoting }),
      },
      [...tags, ...table.tags],
      { ...meta, ...table.meta },
    ),
    extra: {
      ...pick(source, ['database', 'catalog']),
      sourceMeta: { ...source.meta, ...(source.config['meta'] as Mapping | undefined) },
      ...pick(table, ['external', 'docs', 'constraints']),
    },
    place: document.placeOf(path),
  }
}

/** The limits of a table over those of its source, key by key; null switches freshness off. */
function mergedFreshness(source: Mapping, table: Mapping): unknown {
  const [outer, inner] = [source['freshness'], table['freshness']]
  if (!('freshness' in table)) return outer
  if (typeof inner !== 'object' || inner === null) return inner
  return typeof outer === 'object' && outer !== null ? { ...outer, ...inner } : inner
}
