import { beforeAll, describe, expect, test } from 'vitest'
import { jensenShannonDistance, makeRandom, populationStabilityIndex } from '../../../src/stats/index.ts'
import { sql } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { runProject, useProjectDatabase } from '../../run/run-project.ts'

const firstDay = Date.UTC(2026, 2, 2)
const days = 84
/** From this day on a fifth of the visits come by a channel that nobody had seen. */
const driftDay = 70

interface Visit {
  readonly at: string
  readonly day: number
  readonly country: string
  readonly channel: string | null
  readonly pages: number
  readonly spent: string | null
  readonly is_new: boolean
}

/** Weekends have another mix, and every week is a little different, so that rows of a week resemble each other. */
function makeVisits(): Visit[] {
  const random = makeRandom(11)
  let week = 0
  return Array.from({ length: days }, (_, day) => {
    if (day % 7 === 0) week = 0.15 * random.normal()
    const isWeekend = day % 7 >= 5
    return Array.from({ length: 100 + (isWeekend ? 60 : 0) }, (): Visit => {
      const isTv = day >= driftDay && random.bernoulli(0.2)
      const usual = random.bernoulli(0.5 + week * 0.3 + (isWeekend ? 0.2 : 0)) ? 'search' : 'direct'
      const pages = 1 + random.poisson(isTv ? 1 : 3)
      return {
        // The last second of a day in UTC is no other day, wherever the server stands.
        at: new Date(
          firstDay + day * 86_400_000 + Math.floor(random.uniform() * 86_400) * 1000,
        ).toISOString(),
        day,
        country: random.bernoulli(0.3) ? 'DE' : 'FR',
        channel: isTv ? 'tv' : random.bernoulli(0.02) ? null : usual,
        pages,
        spent: random.bernoulli(0.05)
          ? null
          : random.bernoulli(0.01)
            ? 'NaN'
            : String(10 + pages + random.normal()),
        is_new: random.bernoulli(0.3),
      }
    })
  }).flat()
}

const drift = (name: string, lines: readonly string[], asOf = '2026-05-25'): Record<string, string> => ({
  [`analytics/${name}.yml`]: `kind: drift\nas_of: ${asOf}\nrows: { model: visits, day: at }\n${lines.join('\n')}\n`,
})

const reference = 'reference: { start: 2026-03-02, end: 2026-05-04 }'
const lateReference = 'reference: { start: 2026-04-06, end: 2026-05-04 }'
const files = {
  'models/visits.sql': 'select * from raw.visits',
  ...drift('watched', [
    'watch: [channel, { column: pages, thresholds: { ks: 0.05 } }, spent, is_new]',
    'segments: [country]',
    reference,
  ]),
  // Before anything happens.
  ...drift(
    'calm',
    ['watch: [channel, pages, spent, is_new]', 'segments: [country]', 'min_rows: 20'],
    '2026-05-11',
  ),
  // A night before the reference, and one before the first row.
  ...drift('early', ['watch: [channel, pages, is_new]', lateReference], '2026-03-16'),
  ...drift('earliest', ['watch: [channel, pages, is_new]', lateReference], '2026-02-20'),
  // Three weeks are too few to say how weeks vary.
  ...drift('short', [
    'watch: [{ column: pages, thresholds: { ks: 0.05 } }]',
    'reference: { start: 2026-03-02, end: 2026-03-23 }',
    'windows: 7',
  ]),
  'models/faint.sql': 'select at, pages * 1e-200::float8 as odds from raw.visits',
  'analytics/odds.yml': `kind: drift\nas_of: 2026-05-11\nrows: { model: faint, day: at }\nwatch: [odds]\n`,
}

interface Finding {
  readonly [column: string]: unknown
  readonly value: number
  readonly p_value_adjusted: number
  readonly verdict: string
}

describe('drift of a relation', () => {
  const database = useProjectDatabase()
  const visits = makeVisits()

  const run = (more: Record<string, string> = {}) =>
    withProject({ ...files, ...more }, (root) => runProject(root, database.connection))
  const finding = async (
    column: string,
    statistic: string,
    { window = 7, country = null as string | null, job = 'watched' } = {},
  ): Promise<Finding> => {
    const rows = await database.rows(sql`
      select * from ${sql.ident('analytics', job)}
      where column_name = ${column} and statistic = ${statistic} and window_days = ${window}
        and segment_value is not distinct from ${country}::text`)
    expect(rows).toHaveLength(1)
    return rows[0] as Finding
  }
  /** Rows of the last week and of the nine weeks of the reference, in the words of the spec. */
  const samples = (country: string | null = null) => {
    const own = visits.filter((visit) => country === null || visit.country === country)
    return [own.filter(({ day }) => day < 63), own.filter(({ day }) => day >= days - 7)] as const
  }

  beforeAll(async () => {
    await database.rows(sql`create schema raw`)
    await database.rows(sql`
      create table raw.visits (
        at timestamptz, day int, country text, channel text, pages int, spent float8, is_new boolean
      )`)
    await database.rows(sql`
      insert into raw.visits select * from jsonb_populate_recordset(null::raw.visits, ${JSON.stringify(visits)}::jsonb)`)
    const { result } = await run()
    expect(result.problems).toEqual([])
    expect(result.published).toBe(true)
  })

  test('categories are counted as plain counting has them', async () => {
    for (const country of [null, 'DE']) {
      const [before, after] = samples(country)
      const names = ['search', 'direct', 'tv']
      const count = (rows: readonly Visit[]) =>
        names.map((name) => rows.filter(({ channel }) => channel === name).length)
      const counts = { reference: count(before), current: count(after) }
      const psi = await finding('channel', 'psi', { country })
      expect(psi.value).toBeCloseTo(populationStabilityIndex(counts) as number, 10)
      expect(psi).toMatchObject({ n_reference: before.length, n_current: after.length })
      const distance = await finding('channel', 'js_distance', { country })
      expect(distance.value).toBeCloseTo(jensenShannonDistance(counts) as number, 10)
      expect(psi.verdict).toBe('fail')
    }
    expect(await finding('channel', 'unseen_share')).toMatchObject({ reason: 'tv', verdict: 'informs' })
  })

  test('numbers are those of the rows', async () => {
    const [before, after] = samples()
    const pages = (rows: readonly Visit[]) => rows.map((row) => row.pages)
    const share = (rows: readonly Visit[], most: number) =>
      rows.filter((row) => row.pages <= most).length / rows.length
    const distances = Array.from({ length: 15 }, (_, most) =>
      Math.abs(share(before, most) - share(after, most)),
    )
    // Every count of pages that has a hundredth of the rows has a cell of its own.
    expect((await finding('pages', 'ks')).value).toBeCloseTo(Math.max(...distances), 2)
    expect((await finding('pages', 'ks')).verdict).toBe('warn')
    const mean = (values: readonly number[]) => values.reduce((all, value) => all + value, 0) / values.length
    const variance = (values: readonly number[]) =>
      values.reduce((all, value) => all + (value - mean(values)) ** 2, 0) / (values.length - 1)
    const [old, now] = [pages(before), pages(after)]
    const shift = (mean(now) - mean(old)) / Math.sqrt((variance(old) + variance(now)) / 2)
    expect((await finding('pages', 'mean_shift')).value).toBeCloseTo(shift, 9)
    expect(await finding('pages', 'mean_shift')).toMatchObject({
      reference_value: expect.closeTo(mean(old), 9),
      current_value: expect.closeTo(mean(now), 9),
    })
    const missing = (rows: readonly Visit[]) =>
      rows.filter(({ spent }) => spent === null || spent === 'NaN').length / rows.length
    expect((await finding('spent', 'missing_shift')).value).toBeCloseTo(missing(after) - missing(before), 12)
  })

  test('a Saturday is compared with Saturdays', async () => {
    const day = await finding('channel', 'psi', { window: 1 })
    const sundays = visits.filter((visit) => visit.day % 7 === 6 && visit.day < 63)
    expect(day).toMatchObject({ n_reference: sundays.length, reference_windows: 9 })
  })

  test('the day is found on which it began, and nothing in what did not change', async () => {
    const changes = await database.rows(sql`
      select column_name, series, category, changed_on::text, before, after
      from analytics.watched__changes where verdict = 'change' and segment_name is null order by 1, 3`)
    const began = new Date(firstDay + driftDay * 86_400_000).toISOString().slice(0, 10)
    expect(changes).toContainEqual(
      expect.objectContaining({ column_name: 'channel', category: 'tv', changed_on: began, before: 0 }),
    )
    expect(changes).toContainEqual(
      expect.objectContaining({ column_name: 'pages', series: 'mean', changed_on: began }),
    )
    expect(changes.filter(({ column_name: name }) => name === 'is_new')).toEqual([])
    const calm = await database.rows(sql`select distinct verdict from analytics.calm order by 1`)
    expect(calm).toEqual([{ verdict: 'informs' }, { verdict: 'ok' }])
  })

  test('cells and days add up to the rows', async () => {
    const cells = await database.rows(sql`
      select column_name, sum(reference_rows)::int as before, sum(current_rows)::int as after
      from analytics.watched__distributions
      where window_days = 7 and segment_name is null group by 1 order by 1`)
    const [before, after] = samples()
    for (const row of cells) expect(row).toMatchObject({ before: before.length, after: after.length })
    expect(cells).toHaveLength(4)
    const seen = await database.rows(sql`
      select sum(rows)::int as rows, count(*)::int as days
      from analytics.watched__days where column_name = 'pages' and segment_name is null`)
    expect(seen).toEqual([{ rows: visits.length, days }])
  })

  test('nights before the reference are refused and fail nothing', async () => {
    const early = await database.rows(sql`select distinct verdict, reason from analytics.early`)
    expect(early).toEqual([{ verdict: 'refused', reason: 'the reference comes after the window' }])
    expect(await database.rows(sql`select * from analytics.earliest`)).toEqual([])
    const [memo] = await database.rows(sql`
      select document from analytics.earliest__memo where format = 'markdown'`)
    expect(memo!.document).toContain('Nothing could be judged.')
  })

  test('without four windows of the reference no threshold is judged, nor that of steps', async () => {
    const short = await database.rows(sql`
      select statistic, verdict, reason from analytics.short where verdict not in ('informs', 'ok') order by 1`)
    expect(short.map(({ statistic }) => statistic)).toContain('ks')
    for (const { verdict, reason } of short)
      expect({ verdict, reason }).toEqual({
        verdict: 'refused',
        reason: expect.stringContaining('in 3 windows like this one, and 4 are needed'),
      })
    expect(await finding('pages', 'ks', { job: 'short' })).toMatchObject({ value: expect.any(Number) })
  })

  test('numbers next to nothing are numbers', async () => {
    const odds = await finding('odds', 'p50', { job: 'odds' })
    expect(odds).toMatchObject({ reference_value: expect.closeTo(4e-200, 200) })
    expect(Math.abs(odds.value)).toBeLessThan(1e-210)
  })

  test('a memo says what drifted and since when', async () => {
    const [memo] = await database.rows(sql`
      select document from analytics.watched__memo where format = 'markdown'`)
    expect(memo!.document).toMatch(/channel, last 7 days: stability index/)
    expect(memo!.document).toMatch(/2026-05-11 \| channel/)
  })

  test('drift is a failure of the node only where the spec says so, and then nothing is published', async () => {
    const { result, node } = await run(
      drift('strict', ['watch: [channel]', reference, 'on_fail: error', 'windows: 7']),
    )
    expect(node('strict').status).toBe('error')
    expect(JSON.stringify(node('strict'))).toMatch(/drift-found.*channel, last 7 days: stability index/)
    expect(result.published).toBe(false)
  })

  test('a column that is not there is told with what was meant, and a text is no number', async () => {
    const { node } = await run({
      ...drift('wrong', ['watch: [chanel]']),
      ...drift('text', ['watch: [{ column: country, kind: numeric }]']),
    })
    expect(node('wrong').problem).toMatchObject({
      message: "'visits' has no column 'chanel'",
      hint: "did you mean 'channel'?",
    })
    expect(node('text').message).toBe("column 'country' is text, and not numeric")
  })
})
