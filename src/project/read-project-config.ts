import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { ProjectConfig, QueryCommentSpec, SourceText, TargetSpec } from '../core/project.ts'
import { checkYaml, type UnknownKeys } from './check-yaml.ts'
import { connectionSpec } from './connection-schema.ts'
import { dbtProjectSchema, olderSpellings, type ProjectYaml, projectSchema } from './project-schema.ts'
import { readFlags } from './read-flags.ts'
import { parseYaml, type YamlDocument, yamlProblem } from './yaml-document.ts'

const defaultThreads = 4
const defaultSchema = 'analytics'

/** What dbt takes for a project's version: that of semantic versioning, or its first two numbers. */
const versionNumber =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*)(-[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?)?$/

/** Reads project.yml or dbt_project.yml; what is wrong goes to `problems`. */
export function readProjectConfig(
  file: SourceText,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): ProjectConfig | null {
  const parsed = parseYaml(file, problems, { isLenient: unknownKeys === 'warning' })
  if (!parsed) return null
  const document = { ...parsed, value: withTodaysKeys(parsed.value) }
  if (document.value === null || document.value === undefined) {
    const hint = 'the least it must say is name: my_project'
    problems.push(makeProblem('yaml-invalid', `${file.path} is empty`, { place: document.placeOf([]), hint }))
    return null
  }
  const yaml = file.path.endsWith('dbt_project.yml')
    ? withoutOurKeys(checkYaml(document, dbtProjectSchema, problems, unknownKeys))
    : checkYaml(document, projectSchema, problems, unknownKeys)
  if (!yaml) return null
  const targets = targetsOf(yaml)
  // As written: 1.0 is not 1.
  const version = document.sourceOf(['version']) ?? yaml.version
  const isSaid = ((document.value as { readonly version?: unknown }).version ?? null) !== null
  if (file.path.endsWith('dbt_project.yml') && isSaid && !versionNumber.test(version))
    problems.push(
      yamlProblem(document, ['version'], `'${version}' is not a version, such as '1.0' or '1.0.0'`),
    )
  return {
    name: yaml.name,
    version,
    paths: pathsOf(yaml),
    vars: yaml.vars,
    configTrees: {
      models: yaml.models,
      seeds: yaml.seeds,
      snapshots: yaml.snapshots,
      tests: { ...yaml.tests, ...yaml.data_tests },
      unit_tests: yaml.unit_tests,
      sources: yaml.sources,
      exposures: yaml.exposures,
      metrics: yaml.metrics,
      semantic_models: yaml['semantic-models'],
      saved_queries: yaml['saved-queries'],
      analyses: yaml.analyses,
      functions: yaml.functions,
      jobs: yaml.jobs,
      loads: yaml.loads,
    },
    ...(yaml.profile != null && { profile: yaml.profile }),
    dispatch: yaml.dispatch.map(({ macro_namespace: macroNamespace, search_order: searchOrder }) => ({
      macroNamespace,
      searchOrder,
    })),
    flags: readFlags(yaml.flags, document, unknownKeys, problems),
    defaultTarget: defaultTargetOf(yaml, targets, document, problems),
    targets,
    publish: yaml.publish ?? 'run',
    reuse: yaml.reuse ?? true,
    keepPublications: yaml.keep_publications ?? 0,
    pools: yaml.pools ?? {},
    onRunStart: yaml['on-run-start'],
    onRunEnd: yaml['on-run-end'],
    ...(yaml['query-comment'] !== undefined && { queryComment: queryCommentOf(yaml['query-comment']) }),
    ...quotingOf(yaml.quoting),
    restrictAccess: yaml['restrict-access'] ?? false,
    dbtVersions: yaml['require-dbt-version'],
  }
}

function quotingOf(written: ProjectYaml['quoting']): Pick<ProjectConfig, 'quoting'> {
  const { database, schema, identifier } = written ?? {}
  const said = {
    ...(database != null && { database }),
    ...(schema != null && { schema }),
    ...(identifier != null && { identifier }),
  }
  return Object.keys(said).length > 0 ? { quoting: said } : {}
}

function queryCommentOf(written: NonNullable<ProjectYaml['query-comment']> | null): QueryCommentSpec | null {
  if (written === null || written === '') return null
  if (typeof written === 'string') return { comment: written, append: false }
  const { comment, append } = written
  if (comment === '') return null
  return { ...(comment != null && { comment }), append: append ?? false }
}

/** dbt's file says nothing about what only we have: the defaults stand. */
function withoutOurKeys(yaml: ReturnType<typeof dbtProjectSchema.parse> | null): ProjectYaml | null {
  return (
    yaml && { ...yaml, 'pipeline-paths': [], 'analytics-paths': [], 'dags-paths': [], jobs: {}, loads: {} }
  )
}

/** Keys as older versions of dbt spelled them count as today's where those are not set. */
function withTodaysKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    const today = olderSpellings[key]
    return [today === undefined || today in value ? key : today, item]
  })
  return Object.fromEntries(entries)
}

function pathsOf(yaml: ProjectYaml): ProjectConfig['paths'] {
  const or = (paths: readonly string[], fallback: string) =>
    (paths.length > 0 ? paths : [fallback]).map(tidied)
  const own = {
    models: or(yaml['model-paths'], 'models'),
    macros: or(yaml['macro-paths'], 'macros'),
    seeds: or(yaml['seed-paths'], 'seeds'),
    tests: or(yaml['test-paths'], 'tests'),
    snapshots: or(yaml['snapshot-paths'], 'snapshots'),
    analyses: or(yaml['analysis-paths'], 'analyses'),
    functions: or(yaml['function-paths'], 'functions'),
  }
  const docs = yaml['docs-paths'].map(tidied)
  const target = tidied(yaml['target-path'] ?? 'target')
  return {
    ...own,
    docs: docs.length > 0 ? docs : [...new Set(Object.values(own).flat())],
    pipelines: or(yaml['pipeline-paths'], 'pipelines'),
    analytics: or(yaml['analytics-paths'], 'analytics'),
    dags: or(yaml['dags-paths'], 'dags'),
    assets: yaml['asset-paths'].map(tidied),
    target,
    clean: (yaml['clean-targets'].length > 0 ? yaml['clean-targets'] : [target]).map(tidied),
    ...(yaml['log-path'] !== undefined && { logs: tidied(yaml['log-path']) }),
    packages: tidied(yaml['packages-install-path'] ?? 'dbt_packages'),
  }
}

/** `./models/` is `models`. */
function tidied(path: string): string {
  return path.replace(/^(\.\/)+/, '').replace(/\/+$/, '') || '.'
}

function targetsOf(yaml: ProjectYaml): Record<string, TargetSpec> {
  const threads = yaml.threads ?? defaultThreads
  const written = Object.entries(yaml.targets ?? {})
  if (written.length === 0) return { local: { engine: 'embedded', schema: defaultSchema, threads } }
  return Object.fromEntries(
    written.map(([name, target]) => [
      name,
      { ...targetSpec(target), schema: target.schema ?? defaultSchema, threads: target.threads ?? threads },
    ]),
  )
}

type TargetYaml = NonNullable<ProjectYaml['targets']>[string]

function targetSpec(target: TargetYaml) {
  if (target.engine === 'embedded') return { engine: target.engine }
  const { engine, url, host, port, user, password, database, ...connection } = target
  const address = { url, host, port, user, password, database }
  const given = Object.entries(address).filter(([, value]) => value !== undefined)
  return { engine, ...Object.fromEntries(given), ...connectionSpec(connection) }
}

/** The target that `target:` names; without it the only one, else 'local', else the first. */
function defaultTargetOf(
  yaml: ProjectYaml,
  targets: Readonly<Record<string, TargetSpec>>,
  document: YamlDocument,
  problems: Problem[],
): string {
  const names = Object.keys(targets)
  if (yaml.target === undefined) return names.includes('local') ? 'local' : names[0]!
  if (!names.includes(yaml.target)) {
    const hint = didYouMean(yaml.target, names) ?? `targets: ${quotedList(names, 'and')}`
    const message = `target '${yaml.target}' is not among the targets`
    problems.push(yamlProblem(document, ['target'], message, { code: 'target-unknown', hint }))
  }
  return yaml.target
}
