import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../src/warehouse/index.ts'
import { runProject, useProjectDatabase } from './run/run-project.ts'

// The same life seen twice: as the product recorded it, and as Google Analytics 4 would have exported it. Marts that
// are built from the export must say what those built from the product say.

const repository = join(import.meta.dirname, '..')
const marts = ['daily_active_users', 'retention_milestones', 'funnel_metrics', 'daily_user_metrics']

interface ProductEvent {
  readonly [column: string]: unknown
  readonly micros: string
  readonly event_name: string
}

const ga4Names: Record<string, string> = {
  view: 'view_item',
  search: 'view_search_results',
  play: 'video_start',
  like: 'add_to_wishlist',
  add_to_cart: 'add_to_cart',
  purchase: 'purchase',
}
const mediums: Record<string, string> = {
  organic: 'organic',
  paid_search: 'cpc',
  paid_social: 'paid_social',
  referral: 'referral',
  affiliate: 'affiliate',
}

/** An event as the export to BigQuery has it; whole numbers are texts there. */
function exported(event: ProductEvent): object {
  const param = (key: string, value: object) => ({ key, value })
  return {
    event_date: event.day,
    event_timestamp: event.micros,
    event_name: ga4Names[event.event_name],
    event_params: [
      param('ga_session_id', { int_value: String(event.session_id) }),
      param('ga_session_number', { int_value: '1' }),
      param('page_location', { string_value: 'https://example.com/' }),
    ],
    event_bundle_sequence_id: '1',
    user_pseudo_id: `${event.user_id}.1`,
    user_id: String(event.user_id),
    user_first_touch_timestamp: event.signup_micros,
    device: {
      category: event.device === 'phone' ? 'mobile' : event.device === 'tv' ? 'smart tv' : event.device,
    },
    geo: { country: event.country_name },
    traffic_source: { source: 'example', medium: mediums[String(event.acquisition_channel)] },
    platform: event.platform === 'tv' ? 'WEB' : String(event.platform).toUpperCase(),
    ...(event.revenue_cents !== null && {
      ecommerce: {
        purchase_revenue_in_usd: Number(event.revenue_cents) / 100,
        transaction_id: event.event_id,
      },
    }),
    items:
      event.item_id === null
        ? []
        : [
            {
              item_id: String(event.item_id),
              ...(event.price_cents !== null && { price_in_usd: Number(event.price_cents) / 100 }),
            },
          ],
  }
}

describe('an export of Google Analytics 4', () => {
  const database = useProjectDatabase()
  const root = mkdtempSync(join(tmpdir(), 'estimand-ga4-'))
  const run = (vars: object, select: readonly string[]) =>
    runProject(root, database.connection, {
      vars: {
        events: 25_000,
        days: 60,
        aa_start_day: 5,
        aa_days: 5,
        one_tap_start_day: 20,
        one_tap_days: 10,
        ...vars,
      },
      env: { DATABASE_URL: database.url },
      select,
      indirectSelection: 'buildable',
    })
  /** The marts' rows; sums of floats depend on the order of rows in their last digits. */
  const contents = async () =>
    (await martRows()).map((rows) =>
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [
            name,
            typeof value === 'number' ? Number(value.toPrecision(12)) : value,
          ]),
        ),
      ),
    )
  const martRows = async () =>
    Promise.all([
      database.rows(sql`select * from analytics.daily_active_users order by date_day`),
      database.rows(sql`select * from analytics.retention_milestones order by 1`),
      database.rows(sql`select * from analytics.funnel_metrics order by 1, 2, 3, 4`),
      database.rows(sql`
        select activity_date, count(*) as users, sum(sessions) as sessions, sum(plays) as plays, sum(revenue) as revenue
        from analytics.daily_user_metrics group by 1 order by 1`),
    ])
  const select = marts.map((name) => `+${name}`)

  beforeAll(() => {
    for (const folder of ['models', 'macros', 'seeds', 'pipelines', 'analytics', 'project.yml'])
      cpSync(join(repository, folder), join(root, folder), { recursive: true })
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('gives the marts that the product itself gives', async () => {
    const fromProduct = await run({}, select)
    expect(fromProduct.result.problems).toEqual([])
    const expected = await contents()

    const events = await database.rows(sql`
      select
        events.*,
        (extract(epoch from events.event_time) * 1000000)::bigint::text as micros,
        (extract(epoch from users.signup_time) * 1000000)::bigint::text as signup_micros,
        to_char(events.event_time at time zone 'UTC', 'YYYYMMDD') as day,
        users.acquisition_channel,
        countries.country_name
      from product.events as events
      inner join product.users as users on events.user_id = users.user_id
      inner join analytics_seeds.countries as countries on events.geo = countries.country
      order by events.event_id`)
    const days = new Map<unknown, string[]>()
    for (const event of events as unknown as ProductEvent[]) {
      const lines = days.get(event.day) ?? []
      days.set(event.day, lines)
      lines.push(JSON.stringify(exported(event)))
    }
    mkdirSync(join(root, 'data/ga4'), { recursive: true })
    // What GA4 sends besides is no event of the marts.
    days
      .get([...days.keys()][3])!
      .push(JSON.stringify({ ...exported((events as unknown as ProductEvent[])[0]!), event_name: 'scroll' }))
    for (const [day, lines] of days)
      writeFileSync(join(root, `data/ga4/events_${day}.ndjson.gz`), gzipSync(`${lines.join('\n')}\n`))

    const fromGa4 = await run({ event_source: 'ga4' }, select)
    expect(fromGa4.result.problems).toEqual([])
    expect(
      fromGa4.result.results.filter(({ status }) => !['success', 'pass', 'reused'].includes(status)),
    ).toEqual([])
    expect(fromGa4.node('ga4_export').status).toBe('success')
    expect(await contents()).toEqual(expected)
  })

  test('is loaded once: nothing new is nothing to do', async () => {
    const again = await run({ event_source: 'ga4' }, ['ga4_export'])
    expect(again.result.problems).toEqual([])
    expect(await database.rows(sql`select count(*)::int as rows from ga4.events`)).toEqual([{ rows: 25_001 }])
  })

  test('keeps parameters and items apart, one row each', async () => {
    await run({ event_source: 'ga4' }, ['stg_ga4__event_params', 'stg_ga4__items', 'stg_ga4__sessions'])
    expect(
      await database.rows(sql`
        select param_key, count(*)::int as rows from analytics_staging.stg_ga4__event_params group by 1 order by 1`),
    ).toEqual([
      { param_key: 'ga_session_id', rows: 25_001 },
      { param_key: 'ga_session_number', rows: 25_001 },
      { param_key: 'page_location', rows: 25_001 },
    ])
    expect(
      await database.rows(sql`
        select
          (select count(*) from analytics_staging.stg_ga4__sessions)::int as sessions,
          (select count(distinct session_id) from product.events)::int as sessions_of_the_product,
          (select count(*) from analytics_staging.stg_ga4__items)::int
            - (select count(*) from product.events where item_id is not null)::int as more_items,
          (select sum(revenue) from analytics_staging.stg_ga4__sessions)::float8
            - (select sum(revenue_cents) / 100.0 from product.events)::float8 as more_revenue`),
    ).toMatchObject([{ more_revenue: 0 }])
  })
})
