import type { Target } from '../../core/manifest.ts'
import type { FreshnessLimit, FreshnessSpec, SourceNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { SourceTableSpec } from '../../core/project.ts'
import { type Config, isMap } from '../config-tree.ts'
import { withFoldedNames } from '../quoting.ts'
import { yamlFolders } from './declared-drafts.ts'
import { describeColumns, docBlocksOf } from './describe.ts'
import { type Draft, type Drafts, fqnOf, nodeBase, partByEnabled } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'

/** Sources: tables that somebody else fills. */
export function draftSources(scope: DraftScope): Drafts<SourceNode> {
  const problems: Problem[] = []
  const drafts = sourceTables(scope, problems).map((spec) => draftSource(scope, spec, problems))
  return partByEnabled(drafts, problems)
}

/** Every table once: what overrides a source of a package is merged into it. */
export function sourceTables(
  scope: Pick<DraftScope, 'project' | 'yaml'>,
  problems: Problem[],
): readonly SourceTableSpec[] {
  const sources = scope.project.sources.map((spec) => withNames(spec, scope.yaml, problems))
  const overriding = new Map(
    sources.flatMap((spec) =>
      spec.overrides === undefined ? [] : [[`${spec.overrides} ${spec.sourceName} ${spec.name}`, spec]],
    ),
  )
  return sources.flatMap((spec) => {
    if (spec.overrides !== undefined) return []
    const nearer = overriding.get(`${spec.package} ${spec.sourceName} ${spec.name}`)
    return [nearer ? overridden(spec, nearer) : spec]
  })
}

/** Names may be templates, as in dbt. */
function withNames(spec: SourceTableSpec, yaml: DraftScope['yaml'], problems: Problem[]): SourceTableSpec {
  const { sourceName, name } = spec
  if (!`${sourceName}${name}`.includes('{')) return spec
  const text = (value: string) => yaml.text(value, spec, problems)
  return { ...spec, sourceName: text(sourceName), name: text(name) }
}

function overridden(spec: SourceTableSpec, nearer: SourceTableSpec): SourceTableSpec {
  return {
    ...spec,
    schema: nearer.schema === nearer.sourceName ? spec.schema : nearer.schema,
    identifier: nearer.identifier === nearer.name ? spec.identifier : nearer.identifier,
    description: nearer.description || spec.description,
    columns: nearer.columns.length > 0 ? nearer.columns : spec.columns,
    tests: nearer.tests.length > 0 ? nearer.tests : spec.tests,
    config: { ...spec.config, ...nearer.config },
    extra: { ...spec.extra, ...nearer.extra },
  }
}

function draftSource(scope: DraftScope, spec: SourceTableSpec, problems: Problem[]): Draft<SourceNode> {
  const { yaml, templates } = scope
  const extra = yaml.value(spec.extra, spec, problems) as Config
  const { package: packageName, packagePath, sourceName, name, place } = spec
  const fqn = fqnOf(packageName, yamlFolders(scope, packageName), packagePath, sourceName, name)
  const text = (value: string) => yaml.text(value, spec, problems)
  const config = scope.config('sources', fqn, yaml.config(spec.config, spec, problems))
  const { loader, loaded_at_field: field, loaded_at_query: query } = config
  return {
    reads: [],
    node: {
      ...nodeBase({
        resourceType: 'source',
        package: packageName,
        name,
        packagePath,
        place,
        fqn,
        description: yaml.description(spec.description, spec, problems),
        ...docBlocksOf(yaml, spec.description, spec),
        columns: describeColumns(scope, spec, problems),
        config,
      }),
      id: `source.${packageName}.${sourceName}.${name}`,
      resourceType: 'source',
      sourceName,
      sourceDescription: yaml.description(spec.sourceDescription, spec, problems),
      relation: withFoldedNames(
        { schema: text(spec.schema), identifier: text(spec.identifier) },
        config['quoting'],
      ),
      ...(spec.schema !== text(spec.schema) && { writtenSchema: spec.schema }),
      ...(typeof spec.extra['database'] === 'string' && { writtenDatabase: spec.extra['database'] }),
      ...(typeof loader === 'string' && { loader }),
      ...(config['freshness'] !== undefined && {
        freshness: freshnessOf(config['freshness'], scope, spec, problems),
      }),
      ...(typeof field === 'string' && { loadedAtField: field }),
      ...(typeof query === 'string' && { loadedAtQuery: query }),
      ...elsewhere(extra, templates.options.target),
      extra,
    },
  }
}

function elsewhere({ database }: Config, target: Target): Pick<SourceNode, 'database'> {
  const isHere = typeof database !== 'string' || database.toLowerCase() === target.database.toLowerCase()
  return isHere ? {} : { database }
}

/** The limits as they are written; null switches them off. */
function freshnessOf(
  value: unknown,
  scope: DraftScope,
  { place }: SourceTableSpec,
  problems: Problem[],
): FreshnessSpec | null {
  if (value === null) return null
  const refuse = (message: string): void => {
    problems.push(makeProblem('config-invalid', message, { ...scope.sourceAt(place), hint: freshnessHint }))
  }
  if (!isMap(value)) {
    refuse("'freshness' must be a mapping, or null to switch it off")
    return null
  }
  const limit = (key: 'warn_after' | 'error_after'): FreshnessLimit | undefined => {
    const written = value[key]
    if (!isMap(written) || (written['count'] == null && written['period'] == null)) return undefined
    const count = Number(written['count'])
    const period = periods.find((known) => known === written['period'])
    if (Number.isFinite(count) && period) return { count, period }
    refuse(`'${key}' needs a count and a period of ${periods.join(', ')}`)
    return undefined
  }
  const [warnAfter, errorAfter] = [limit('warn_after'), limit('error_after')]
  const { filter } = value
  return {
    ...(warnAfter && { warnAfter }),
    ...(errorAfter && { errorAfter }),
    ...(typeof filter === 'string' && { filter }),
  }
}

const periods = ['minute', 'hour', 'day'] as const
const freshnessHint = 'for example freshness: {warn_after: {count: 12, period: hour}}'
