import {
  type DecisionRule,
  type ExperimentOutcome,
  type ExperimentSpec,
  type HealthCheck,
  type HealthRule,
  healthChecks,
  type SequentialPlan,
} from '../core/experiment-spec.ts'
import type { ExperimentYaml } from './experiment-schema.ts'
import type { Refuse } from './job-parts.ts'

/*
 * How an experiment is judged: its health, its sequential plan, its decision.
 */

/** What each check is compared with where nobody says, and whether its failure refuses the estimates. */
const usualRules: Readonly<Record<HealthCheck, Pick<HealthRule, 'critical' | 'threshold'>>> = {
  sample_ratio: { critical: true, threshold: 0.001 },
  sample_ratio_by_segment: { critical: false, threshold: 0.001 },
  crossovers: { critical: false, threshold: 0.01 },
  exposure_before_assignment: { critical: false, threshold: 0.01 },
  pre_period_balance: { critical: false, threshold: 0.001 },
  missing_outcomes: { critical: false, threshold: 0.05 },
  too_few_units: { critical: false, threshold: 100 },
  outlier_influence: { critical: false, threshold: 0.25 },
  bot_like_units: { critical: false, threshold: 0.01 },
}

/** A rule for every check. */
export function healthRules(
  { health = {}, sample_ratio_alpha: alpha }: ExperimentYaml,
  refuse: Refuse,
): readonly HealthRule[] {
  if (alpha !== undefined && health.sample_ratio?.threshold !== undefined)
    refuse(
      ['sample_ratio_alpha'],
      "'sample_ratio_alpha' and the threshold of health.sample_ratio are the same",
      'keep one of them',
    )
  return healthChecks.map((check): HealthRule => {
    const usual = usualRules[check]
    const said = health[check] ?? {}
    const critical = said.critical ?? usual.critical
    if (said.override !== undefined && !critical)
      refuse(
        ['health', check, 'override'],
        `there is nothing to override: a failure of '${check}' refuses nothing`,
        'override is the reason why estimates count though a critical check failed',
      )
    return {
      check,
      critical,
      threshold: said.threshold ?? (check === 'sample_ratio' ? alpha : undefined) ?? usual.threshold,
      ...(said.override !== undefined && { overrideReason: said.override }),
    }
  })
}

/** The level of the intervals, which may be said as alpha. */
export function ciLevelOf({ ci_level: level, alpha }: ExperimentYaml, refuse: Refuse): number {
  if (level !== undefined && alpha !== undefined)
    refuse(['alpha'], "'alpha' and 'ci_level' say the same", 'keep one of them: alpha 0.05 is ci_level 0.95')
  // 1 − 0.05 is 0.95 in decimals, not quite in binary.
  return level ?? (alpha === undefined ? 0.95 : Number((1 - alpha).toPrecision(12)))
}

/** When the experiment may be looked at. */
export function sequentialOf(
  { sequential: yaml }: ExperimentYaml,
  refuse: Refuse,
): SequentialPlan | undefined {
  switch (yaml?.kind) {
    case undefined:
      return undefined
    case 'confidence_sequence':
      return { kind: yaml.kind, sides: yaml.sides, tuningUnits: yaml.tuning_units }
    case 'msprt':
      return {
        kind: yaml.kind,
        ...(yaml.mixing_variance !== undefined && { mixingVariance: yaml.mixing_variance }),
      }
    case 'group_sequential': {
      const { looks } = yaml
      for (const [index, look] of looks.entries())
        if (index > 0 && look <= looks[index - 1]!)
          refuse(['sequential', 'looks', index], `look ${look} does not come after ${looks[index - 1]}`)
      if (looks.at(-1) !== 1)
        refuse(
          ['sequential', 'looks', looks.length - 1],
          `the last look is at ${looks.at(-1)} of the planned units, not at all of them`,
          'looks are shares that end at 1: [0.25, 0.5, 0.75, 1]',
        )
      return { kind: yaml.kind, spending: yaml.spending, looks, plannedUnits: yaml.planned_units }
    }
  }
}

/** What ships, and what does not. */
export function decisionOf(
  { decision }: ExperimentYaml,
  outcomes: readonly ExperimentOutcome[],
  ciLevel: number,
  refuse: Refuse,
): DecisionRule | undefined {
  if (!decision) return undefined
  if (!outcomes.some(({ role }) => role === 'goal'))
    refuse(
      ['decision'],
      'there is a decision to make, and no goal to make it by',
      'write goals: [revenue_per_user]',
    )
  const { goals, alpha = Number((1 - ciLevel).toPrecision(12)), power } = decision
  return { goals, alpha, power }
}

/** The bandit's plan, if it is one. */
export function banditOf(
  { bandit, control, treatments }: ExperimentYaml,
  outcomes: readonly ExperimentOutcome[],
  refuse: Refuse,
): ExperimentSpec['bandit'] {
  if (!bandit) return undefined
  const arms = [control, ...treatments]
  const goal = outcomes.find(({ name }) => name === bandit.goal)
  if (!goal)
    refuse(
      ['bandit', 'goal'],
      `the experiment has no metric '${bandit.goal}'`,
      `metrics: ${outcomes.map(({ name }) => name).join(', ')}`,
    )
  if (goal?.source.kind === 'quantile')
    refuse(['bandit', 'goal'], `'${bandit.goal}' is a quantile, and arms are weighed by means`)
  if (bandit.floor * arms.length > 1)
    refuse(
      ['bandit', 'floor'],
      `${arms.length} arms cannot have ${bandit.floor} each`,
      `at most ${Number((1 / arms.length).toPrecision(3))}`,
    )
  return bandit
}
