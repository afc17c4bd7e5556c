import { didYouMean } from '../core/did-you-mean.ts'
import type { ExperimentOutcome, MetricRole } from '../core/experiment-spec.ts'
import type { MetricDefinition } from '../core/metrics-spec.ts'
import type {
  ExposuresExperimentYaml,
  InlineMetricYaml,
  UnitsExperimentYaml,
  UsedMetricYaml,
} from './experiment-schema.ts'
import { type Refuse, readCap, readMargin } from './job-parts.ts'
import type { MetricSet } from './read-metrics.ts'
import type { YamlPath } from './yaml-document.ts'

/*
 * The outcomes of an experiment: metrics that it declares itself over its units, or metrics of the sets that are
 * declared once for all experiments, found by their names.
 */

/** The sets of metrics of a project, by the names of their jobs. */
export type MetricSets = ReadonlyMap<string, MetricSet>

const lists = [
  ['goals', 'goal'],
  ['guardrails', 'guardrail'],
] as const satisfies readonly (readonly [string, MetricRole])[]

/** The outcomes that are declared in the experiment; `goals` and `guardrails` say what they are for. */
export function inlineOutcomes(yaml: UnitsExperimentYaml, refuse: Refuse): ExperimentOutcome[] {
  const names = yaml.metrics.map(({ name }) => name)
  const uses = new Map<
    string,
    { readonly role: MetricRole; readonly path: YamlPath; readonly used: UsedMetricYaml }
  >()
  for (const [key, role] of lists)
    for (const [index, used] of yaml[key].entries()) {
      const path = [key, index]
      if (!names.includes(used.metric))
        refuse(
          path,
          `there is no metric '${used.metric}'`,
          didYouMean(used.metric, names) ?? `metrics: ${names.join(', ')}`,
        )
      else if (uses.has(used.metric))
        refuse(path, `metric '${used.metric}' is already among the ${uses.get(used.metric)!.role}s`)
      else uses.set(used.metric, { role, path, used })
    }
  return yaml.metrics.map((metric, index) => {
    const path = ['metrics', index]
    const use = uses.get(metric.name)
    if (names.indexOf(metric.name) < index)
      refuse([...path, 'name'], `metric '${metric.name}' is declared twice`)
    if (use && metric.role !== undefined && metric.role !== use.role)
      refuse([...path, 'role'], `metric '${metric.name}' is a ${metric.role} here and among the ${use.role}s`)
    const outcome = inlineOutcome(path, metric, yaml.covariates, refuse)
    const isDirected = metric.better !== undefined
    if (!use) return guarded(path, outcome, isDirected, refuse)
    return judged(use.path, { ...outcome, role: use.role }, use.used, isDirected, refuse)
  })
}

function inlineOutcome(
  path: YamlPath,
  metric: InlineMetricYaml,
  common: readonly string[],
  refuse: Refuse,
): ExperimentOutcome {
  const cap = readCap([...path, 'cap'], metric.cap, refuse)
  const margin = readMargin([...path, 'margin'], metric.margin, refuse)
  const minimumEffect = readMargin([...path, 'minimum_effect'], metric.minimum_effect, refuse)
  if (cap && metric.kind !== 'mean' && metric.kind !== 'count' && metric.kind !== 'ratio')
    refuse([...path, 'cap'], `a ${metric.kind} has no value to cap`, 'cap is for mean, count and ratio')
  return {
    name: metric.name,
    description: metric.description,
    role: metric.role ?? 'secondary',
    ...(metric.about && { about: metric.about }),
    better: metric.better ?? 'higher',
    ...sourceOf(path, metric, common, refuse),
    ...(cap && { cap }),
    ...(margin && { margin }),
    ...(minimumEffect && { minimumEffect }),
  }
}

/** Where an outcome comes from, and what is known of it from before. */
function sourceOf(
  path: YamlPath,
  metric: InlineMetricYaml,
  common: readonly string[],
  refuse: Refuse,
): Pick<ExperimentOutcome, 'source' | 'covariates'> {
  if (metric.kind === 'quantile') {
    const { kind, column, quantile } = metric
    return { source: { from: 'columns', kind, column, quantile }, covariates: [] }
  }
  if (metric.kind === 'ratio') {
    const { kind, numerator, denominator } = metric
    const pairs = [...(metric.covariate ? [metric.covariate] : []), ...metric.covariates]
    const covariates = pairs.flatMap((pair) => [pair.numerator, pair.denominator])
    return { source: { from: 'columns', kind, numerator, denominator }, covariates }
  }
  const { kind, column } = metric
  const own = [...(metric.covariate === undefined ? [] : [metric.covariate]), ...metric.covariates]
  if (own.includes(column))
    refuse(
      [...path, metric.covariate === column ? 'covariate' : 'covariates'],
      `the covariate of '${metric.name}' is its own outcome`,
      'a covariate is measured before exposure',
    )
  const covariates = [...new Set([...own, ...common.filter((name) => name !== column)])]
  return { source: { from: 'columns', kind, column }, covariates }
}

/** The outcomes that are metrics of the project's sets. */
export function usedOutcomes(
  yaml: ExposuresExperimentYaml,
  sets: MetricSets,
  refuse: Refuse,
): { readonly outcomes: ExperimentOutcome[]; readonly sets: readonly UsedSet[] } {
  const entries = [...lists, ['metrics', 'secondary'] as const].flatMap(([key, role]) =>
    yaml[key].map((used, index) => ({ used, role, path: [key, index] as YamlPath })),
  )
  if (entries.length === 0)
    refuse(['goals'], 'the experiment names no metric', 'write goals: [revenue_per_user]')
  const known = new Map<string, MetricRole>()
  const from: UsedSet[] = []
  const outcomes = entries.flatMap(({ used, role, path }): ExperimentOutcome[] => {
    const found = findMetric(path, used.metric, sets, refuse)
    if (!found) return []
    const { set, metric, isDirected } = found
    const first = known.get(metric.name)
    if (first !== undefined) refuse(path, `metric '${metric.name}' is already among the ${first} metrics`)
    known.set(metric.name, role)
    if (metric.kind === 'quantile' && metric.level === 'event')
      refuse(
        path,
        `'${metric.name}' is a quantile of single rows, which no table of units keeps`,
        'declare it with level: unit, the quantile of what units come to, or average per unit with kind: ratio',
      )
    from.push({ name: set, path })
    const outcome: ExperimentOutcome = {
      name: metric.name,
      description: metric.description,
      role,
      ...(metric.about && { about: metric.about }),
      better: metric.better,
      source: {
        from: 'metrics',
        set,
        metric: metric.name,
        kind: metric.kind,
        ...(metric.kind === 'quantile' && { quantile: metric.quantile, level: metric.level }),
      },
      covariates: covariatesOf(metric),
      ...(metric.cap && { cap: metric.cap }),
      ...(metric.margin && { margin: metric.margin }),
    }
    return [judged(path, outcome, used, isDirected, refuse)]
  })
  return {
    outcomes,
    sets: from.filter(({ name }, index) => from.findIndex((one) => one.name === name) === index),
  }
}

/** A set that an experiment uses, and where it does so first. */
export interface UsedSet {
  readonly name: string
  readonly path: YamlPath
}

function covariatesOf({ kind, prePeriodDays }: MetricDefinition): string[] {
  if (prePeriodDays === 0) return []
  return kind === 'ratio' ? ['pre_period_numerator', 'pre_period_denominator'] : ['pre_period']
}

/** The metric of a name; `set.name` where several sets have it. */
function findMetric(path: YamlPath, name: string, sets: MetricSets, refuse: Refuse) {
  const all = [...sets].flatMap(([set, { spec, directed }]) =>
    spec.metrics.map((metric) => ({ set, metric, isDirected: directed.has(metric.name) })),
  )
  const found = all.filter(({ set, metric }) => metric.name === name || `${set}.${metric.name}` === name)
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    const qualified = found.map(({ set, metric }) => `${set}.${metric.name}`)
    refuse(path, `several sets have a metric '${name}'`, `write ${qualified.join(' or ')}`)
    return null
  }
  const names = all.map(({ metric }) => metric.name)
  const hint =
    names.length === 0
      ? 'declare it in a file below analytics/ with kind: metrics'
      : (didYouMean(name, names) ?? `metrics: ${names.join(', ')}`)
  refuse(path, `there is no metric '${name}'`, hint)
  return null
}

/** The outcome with what its experiment says of it over what it says itself. */
function judged(
  path: YamlPath,
  outcome: ExperimentOutcome,
  used: UsedMetricYaml,
  isDirected: boolean,
  refuse: Refuse,
): ExperimentOutcome {
  const margin = readMargin([...path, 'margin'], used.margin, refuse)
  const minimumEffect = readMargin([...path, 'minimum_effect'], used.minimum_effect, refuse)
  const whole: ExperimentOutcome = {
    ...outcome,
    ...(used.better && { better: used.better }),
    ...(margin && { margin }),
    ...(minimumEffect && { minimumEffect }),
  }
  return guarded(path, whole, isDirected || used.better !== undefined, refuse)
}

/** A guardrail is evaluated against something: how far it may get worse, or at least which direction that is. */
function guarded(
  path: YamlPath,
  outcome: ExperimentOutcome,
  isDirected: boolean,
  refuse: Refuse,
): ExperimentOutcome {
  if (outcome.role === 'guardrail' && !outcome.margin && !isDirected)
    refuse(
      path,
      `guardrail '${outcome.name}' has nothing to be held to`,
      'add margin: { relative: 0.02 }, how far it may get worse, or better: higher or lower, to look for any harm',
    )
  if (outcome.minimumEffect && outcome.role === 'guardrail')
    refuse([...path, 'minimum_effect'], `'minimum_effect' is for goals, and '${outcome.name}' is a guardrail`)
  return outcome
}
