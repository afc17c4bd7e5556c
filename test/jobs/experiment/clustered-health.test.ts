import { describe, expect, test } from 'vitest'
import type { ExperimentSpec, HealthCheck } from '../../../src/core/experiment-spec.ts'
import { clustered } from '../../../src/jobs/audit/designs/clustered.ts'
import { drawnOutcomes } from '../../../src/jobs/audit/designs/design.ts'
import type { Replication } from '../../../src/jobs/audit/draw-replication.ts'
import { replicationCells } from '../../../src/jobs/audit/replication-cells.ts'
import { replicationRows } from '../../../src/jobs/audit/replication-rows.ts'
import { analyseExperiment } from '../../../src/jobs/experiment/analyse-experiment.ts'
import { makeRandom } from '../../../src/stats/index.ts'
import { origin } from './sample-experiment.ts'

/*
 * Checks of shops whose customers are alike: sixty clusters of 2 to some 50 units, half of them treated as a whole.
 */

const specOf = (
  check: HealthCheck,
  threshold: number,
  own: Partial<ExperimentSpec> = {},
): ExperimentSpec => ({
  ...clustered.spec,
  outcomes: clustered.spec.outcomes.slice(0, 1),
  methods: [],
  health: [{ check, critical: false, threshold }],
  ...own,
})
const draw = (seed: number) => clustered.draw(makeRandom(seed), 0).replication

/** Units whose outcome is `lost` are missing. */
function analyse(
  spec: ExperimentSpec,
  replication: Replication,
  lost: (unit: number) => boolean = () => false,
) {
  const outcomes = drawnOutcomes(spec, replication)
  const facts = { units: replication.n, crossovers: null, duplicates: null, exposedBefore: null }
  const rows = replicationRows({ outcomes }, replication)
  const missing = (arm: string): number =>
    [...replication.arms.keys()].filter(
      (unit) => replication.armNames[replication.arms[unit]!] === arm && lost(unit),
    ).length
  const [y, ...others] = rows.variables.get('spending')!
  const variables = new Map([
    ['spending', [y!.map((value, unit) => (lost(unit) ? Number.NaN : value)), ...others]],
  ])
  const cells = replicationCells({ days: [null], outcomes }, replication).map((cell) => ({
    ...cell,
    missing: missing(cell.arm),
  }))
  return analyseExperiment(
    spec,
    { cells, facts, tops: [], sinceExposure: [], rows: { ...rows, variables } },
    origin,
  )
}

/** How often a check finds something at its level among shops of which nothing is to be found. */
function alarms(spec: ExperimentSpec, lost: (replication: Replication) => (unit: number) => boolean): number {
  const worlds = 200
  let found = 0
  for (let seed = 1; seed <= worlds; seed++) {
    const replication = draw(seed)
    const [row] = analyse(spec, replication, lost(replication)).health
    if (row!.pValue !== null && row!.pValue < 0.05) found++
  }
  return found / worlds
}

// Four standard errors above the level.
const most = 0.05 + 4 * Math.sqrt((0.05 * 0.95) / 200)
/** Some shops lose nearly all of their customers' values, whatever their arm. */
const byShop =
  ({ cluster }: Replication) =>
  (unit: number): boolean =>
    cluster!.codes[unit]! % 5 === 0 && unit % 10 !== 0
const unclustered: Partial<ExperimentSpec> = { cluster: undefined } as never

describe('where clusters were given their arms', () => {
  test('balance before the experiment is held to what clusters come to by chance', () => {
    const spec = specOf('pre_period_balance', 0.05)
    expect(alarms(spec, () => () => false)).toBeLessThan(most)
    const [row] = analyse(spec, draw(1)).health
    expect(row!.message).toMatch(
      /^before the experiment 'spending_before_1' differed by .* by clusters, among 1\)$/,
    )
  })

  test('so is the difference of what is missing', () => {
    const spec = specOf('missing_outcomes', 0.9)
    expect(alarms(spec, byShop)).toBeLessThan(most)
    const [row] = analyse(spec, draw(1), byShop(draw(1))).health
    expect(row!.diagnostics).toMatchObject({ clusters: 60 })
    // Of every treated shop half of the values: clusters tell that, too.
    const { arms } = draw(1)
    const [fails] = analyse(spec, draw(1), (unit) => arms[unit] === 1 && unit % 2 === 0).health
    expect(fails).toMatchObject({
      verdict: 'fail',
      message: expect.stringMatching(/the arms differ .* by clusters\)$/),
    })
  })

  test('arms are counted in clusters, though a unit crossed over, and units are told beside them', () => {
    const drawn = draw(1)
    const arms = drawn.arms.map((arm, unit) => (unit === 0 ? 1 - arm : arm))
    const spec = specOf('sample_ratio', 0.001)
    const { health, estimates } = analyse(spec, { ...drawn, arms })
    expect(health[0]).toMatchObject({
      verdict: 'ok',
      message: 'arms of 30 and 30 clusters, planned 1 : 1 (p = 1.000)',
    })
    const treated = arms.filter((arm) => arm === 1).length
    expect(health[0]!.diagnostics).toMatchObject({ units: [drawn.n - treated, treated], clusters: [30, 30] })
    expect(estimates[0]).toMatchObject({
      n: drawn.n,
      diagnostics: { observed: { control: 30, treatment: 30 }, counted: 'clusters' },
    })
  })
})

test('units that are taken for independent would alarm by chance', () => {
  const spec = specOf('pre_period_balance', 0.05, unclustered)
  const independent = (replication: Replication) => ({ ...replication, cluster: undefined }) as never
  let found = 0
  for (let seed = 1; seed <= 50; seed++)
    if (analyse(spec, independent(draw(seed))).health[0]!.pValue! < 0.05) found++
  expect(found / 50).toBeGreaterThan(0.2)
})
