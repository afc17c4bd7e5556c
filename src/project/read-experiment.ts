import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { ExperimentMethod, ExperimentMetric, ExperimentSpec } from '../core/job-spec.ts'
import type { Problem } from '../core/problem.ts'
import type { ExperimentYaml, MetricYaml } from './experiment-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

type Refuse = (path: YamlPath, message: string, hint?: string) => void

/** The experiment that the YAML declares, its parts checked against each other. */
export function readExperiment(
  document: YamlDocument,
  yaml: ExperimentYaml,
  ref: string,
  problems: Problem[],
): ExperimentSpec {
  const refuse: Refuse = (path, message, hint) =>
    problems.push(yamlProblem(document, path, message, { hint }))
  checkArms(yaml, refuse)
  checkMetrics(yaml, refuse)
  checkMethods(yaml, refuse)
  checkSegments(yaml, refuse)
  checkInstant(yaml.as_of, refuse)
  const arms = [yaml.control, ...yaml.treatments]
  return {
    kind: 'experiment',
    question: yaml.question,
    units: { ref, unit: yaml.units.unit, arm: yaml.units.arm },
    control: yaml.control,
    treatments: yaml.treatments,
    expectedWeights: yaml.expected_weights ?? Object.fromEntries(arms.map((arm) => [arm, 1])),
    metrics: yaml.metrics.map(metricOf),
    methods: yaml.methods ?? methodsFor(yaml.metrics),
    segments: yaml.segments,
    ciLevel: yaml.ci_level,
    sampleRatioAlpha: yaml.sample_ratio_alpha,
    asOf: yaml.as_of,
  }
}

function metricOf({ name, description, kind, column, covariate }: MetricYaml): ExperimentMetric {
  return { name, description, kind, column, ...(covariate !== undefined && { covariate }) }
}

/** Every method that the metrics allow. */
function methodsFor(metrics: readonly MetricYaml[]): ExperimentMethod[] {
  return [
    'difference_in_means',
    'relative_lift',
    ...(metrics.some(({ covariate }) => covariate) ? (['cuped', 'cuped_relative'] as const) : []),
    ...(metrics.some(({ kind }) => kind === 'proportion') ? (['proportion_z_test'] as const) : []),
  ]
}

function checkArms(yaml: ExperimentYaml, refuse: Refuse): void {
  const arms = [yaml.control, ...yaml.treatments]
  for (const [index, arm] of yaml.treatments.entries())
    if (arms.indexOf(arm) < index + 1)
      refuse(
        ['treatments', index],
        `arm '${arm}' is named twice`,
        'control and treatments are different arms',
      )
  if (!yaml.expected_weights) return
  const weighted = Object.keys(yaml.expected_weights)
  for (const arm of weighted)
    if (!arms.includes(arm)) {
      const hint = didYouMean(arm, arms) ?? `arms: ${quotedList(arms, 'and')}`
      refuse(['expected_weights', arm], `'expected_weights' names '${arm}', which is no arm`, hint)
    }
  for (const arm of arms)
    if (!weighted.includes(arm))
      refuse(
        ['expected_weights'],
        `'expected_weights' says nothing about arm '${arm}'`,
        'give every arm a weight',
      )
}

function checkMetrics({ metrics }: ExperimentYaml, refuse: Refuse): void {
  const names = metrics.map(({ name }) => name)
  for (const [index, metric] of metrics.entries()) {
    if (names.indexOf(metric.name) < index)
      refuse(['metrics', index, 'name'], `metric '${metric.name}' is declared twice`)
    if (metric.covariate === metric.column)
      refuse(
        ['metrics', index, 'covariate'],
        `the covariate of '${metric.name}' is its own outcome`,
        'a covariate is measured before exposure',
      )
  }
}

function checkMethods({ methods = [], metrics }: ExperimentYaml, refuse: Refuse): void {
  for (const [index, method] of methods.entries()) {
    if (methods.indexOf(method) < index) refuse(['methods', index], `method '${method}' is named twice`)
    if (method.startsWith('cuped') && !metrics.some(({ covariate }) => covariate))
      refuse(
        ['methods', index],
        `'${method}' needs a covariate, and no metric has one`,
        'add covariate: <column measured before exposure> to a metric',
      )
    if (method === 'proportion_z_test' && !metrics.some(({ kind }) => kind === 'proportion'))
      refuse(
        ['methods', index],
        "'proportion_z_test' needs a metric of kind proportion, and there is none",
        'give kind: proportion to a metric whose column is 0 or 1',
      )
  }
}

function checkSegments({ segments, units }: ExperimentYaml, refuse: Refuse): void {
  for (const [index, segment] of segments.entries()) {
    if (segments.indexOf(segment) < index) refuse(['segments', index], `segment '${segment}' is named twice`)
    if (segment === units.arm || segment === units.unit)
      refuse(
        ['segments', index],
        `'${segment}' is the column of the ${segment === units.arm ? 'arm' : 'unit'}`,
      )
  }
}

/** A template is rendered later, and checked then. */
function checkInstant(asOf: string, refuse: Refuse): void {
  if (asOf.includes('{{')) return
  const hint = "write as_of: '2026-03-01' or '2026-03-01T00:00:00Z'"
  if (!isInstant(asOf)) refuse(['as_of'], `'as_of' must be a date or an ISO timestamp, not '${asOf}'`, hint)
}

function isInstant(text: string): boolean {
  const date = /^(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$/.exec(
    text,
  )?.[1]
  if (date === undefined) return false
  const day = new Date(`${date}T00:00:00Z`)
  // The 31st of February is a valid pattern, but no day: it would come back as another one.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date)
}
