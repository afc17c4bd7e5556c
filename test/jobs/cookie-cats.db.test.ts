import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { hasReferenceData, referenceFile } from '../reference-data.ts'
import { fixtureProject, runProject, useProjectDatabase } from '../run/run-project.ts'

interface ArmFigures {
  readonly n: number
  readonly ret1: number
  readonly ret7: number
}

interface ZTest {
  readonly diff_40_minus_30: number
  readonly p_two_sided: number
}

/** The figures of the data set's card. */
interface Published {
  readonly n: number
  readonly gate_30: ArmFigures
  readonly gate_40: ArmFigures
  readonly z_retention_1: ZTest
  readonly z_retention_7: ZTest
  readonly welch_t_rounds: { readonly t: number; readonly p: number }
  readonly srm_p: number
  readonly srm_chi2: number
}

// The main job on real data: a published A/B test goes in as a file and comes out as estimates.
// Source of the figures: the data set's own card, recomputed with statsmodels 0.13.5 and scipy 1.10.1.
describe.runIf(hasReferenceData())('the A/B test of Cookie Cats', () => {
  const database = useProjectDatabase()
  // The block runs to collect the tests even where the data are absent and they are skipped.
  let published: Published

  const estimate = async (outcome: string, method: string) => {
    const rows = await database.rows(sql`
      select estimate, std_error, p_value, n, n_treated, diagnostics ->> 'mean_control' as mean_control,
             diagnostics ->> 'mean_treated' as mean_treated
      from analytics.gate_40
      where outcome = ${outcome} and method = ${method}`)
    expect(rows).toHaveLength(1)
    return rows[0] as Record<string, number>
  }

  beforeAll(async () => {
    published = JSON.parse(readFileSync(referenceFile('cookie_cats.json'), 'utf8')).computed.python
    const env = {
      ESTIMAND_REFERENCE_DIR: dirname(referenceFile('cookie_cats.csv.gz')),
      DATABASE_URL: database.url,
    }
    const { result } = await runProject(fixtureProject('cookie_cats'), database.connection, { env })
    expect(result.problems).toEqual([])
    expect(result.results.filter(({ status }) => !['success', 'pass'].includes(status))).toEqual([])
    expect(result.published).toBe(true)
  })

  test('loads every player', async () => {
    const rows = await database.rows(sql`select count(*)::int as players from raw.players`)
    expect(rows).toEqual([{ players: published.n }])
  })

  test.each(['retention_1', 'retention_7'])('reproduces the published %s', async (outcome) => {
    const [short, z] =
      outcome === 'retention_1'
        ? (['ret1', published.z_retention_1] as const)
        : (['ret7', published.z_retention_7] as const)
    const pooled = await estimate(outcome, 'proportion_z_test')
    expect(Number(pooled.mean_control)).toBeCloseTo(published.gate_30[short], 12)
    expect(Number(pooled.mean_treated)).toBeCloseTo(published.gate_40[short], 12)
    expect(pooled.estimate).toBeCloseTo(z.diff_40_minus_30, 12)
    expect(pooled.p_value).toBeCloseTo(z.p_two_sided, 9)
    expect([pooled.n, pooled.n_treated]).toEqual([published.n, published.gate_40.n])
  })

  test('reproduces the Welch test of rounds played', async () => {
    const welch = await estimate('rounds', 'difference_in_means')
    // The published statistic is level 30 against level 40.
    expect(-welch.estimate! / welch.std_error!).toBeCloseTo(published.welch_t_rounds.t, 9)
    expect(welch.p_value).toBeCloseTo(published.welch_t_rounds.p, 9)
  })

  test('finds the imbalance of the arms without refusing at the level that was set', async () => {
    const rows = await database.rows(sql`
      select p_value, (diagnostics ->> 'chi_square')::float8 as chi_square
      from analytics.gate_40 where estimand = 'sample_ratio'`)
    expect(rows[0]!.p_value).toBeCloseTo(published.srm_p, 9)
    expect(rows[0]!.chi_square).toBeCloseTo(published.srm_chi2, 9)
  })

  test('gives the estimates to a model downstream', async () => {
    const rows = await database.rows(sql`select count(*)::int as rows from analytics.gate_effects`)
    // Two outcomes by three methods, one by two, and the check of the arms' sizes.
    expect(rows).toEqual([{ rows: 9 }])
  })
})
