import { describe, expect, it } from 'vitest'
import type { B2bParams } from '../../pipelines/b2b/params.ts'
import world from '../../pipelines/b2b/world.ts'
import { collectTables, declaredLoad, digestTables, type Rows, type Value } from './collect-tables.ts'

const load = declaredLoad('b2b.yml')
const params = { ...(load.params as unknown as B2bParams), b2b_accounts: 400 }
const rows = collectTables(world, load, params)
const campaign = Date.UTC(2026, 5, 1) / 86_400_000
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

type Row = Record<string, Value>

/** A table's rows by name of column. */
function table(name: string, from: Rows = rows): Row[] {
  const [schema, identifier] = name.split('.')
  const declared = load.tables.find((entry) => entry.schema === schema && entry.name === identifier)!
  return from[name]!.map((row) =>
    Object.fromEntries(declared.columns.map((column, index) => [column.name, row[index]!])),
  )
}

const truth = new Map(table('truth.b2b_users').map((row) => [row.user_id, row]))
const users = table('b2b.users').map(
  (user, index): Row => ({
    ...user,
    ...truth.get(user.user_id),
    nudged: rows['b2b.interventions']![index]![1]!,
    converted: rows['b2b.outcomes']![index]![1]!,
    complained: rows['b2b.outcomes']![index]![3]!,
  }),
)
const share = (among: readonly Row[], of: (row: Row) => unknown) =>
  mean(among.map((row) => (of(row) ? 1 : 0)))
const inGroup = (group: string) => users.filter(({ latent_group }) => latent_group === group)

describe('the b2b world', () => {
  it('is whole: every user has an account, a role, an intervention, an outcome and a truth', () => {
    const accounts = new Set(table('b2b.accounts').map(({ account_id }) => account_id))
    expect(accounts.size).toBe(400)
    expect(users.every(({ account_id }) => accounts.has(account_id!))).toBe(true)
    for (const name of ['b2b.interventions', 'b2b.outcomes', 'truth.b2b_users'])
      expect(rows[name]!.map(([userId]) => userId)).toEqual(rows['b2b.users']!.map(([userId]) => userId))
    const seats = table('b2b.accounts').reduce((sum, account) => sum + Number(account.seats), 0)
    expect(users).toHaveLength(seats)
  })

  it('nudges those who do little, so that the nudged convert less although a nudge helps', () => {
    const naive =
      share(
        users.filter(({ nudged }) => nudged),
        ({ converted }) => converted,
      ) -
      share(
        users.filter(({ nudged }) => !nudged),
        ({ converted }) => converted,
      )
    const ate = mean(users.map((row) => Number(row.probability_nudged) - Number(row.probability_control)))
    expect(Math.abs(naive - -0.037)).toBeLessThan(0.02)
    expect(Math.abs(ate - 0.049)).toBeLessThan(0.008)
    expect(users.every(({ propensity }) => Number(propensity) > 0.05 && Number(propensity) < 0.95)).toBe(true)
  })

  it('has a tenth of sleeping dogs among those who are there, and what a nudge does to each group', () => {
    expect(Math.abs(share(users, ({ latent_group }) => latent_group === 'sleeping_dog') - 0.09)).toBeLessThan(
      0.012,
    )
    const uplift = (group: string) =>
      mean(inGroup(group).map((row) => Number(row.probability_nudged) - Number(row.probability_control)))
    expect(uplift('persuadable')).toBeCloseTo(0.22, 10)
    expect(uplift('sure_thing')).toBeCloseTo(0.02, 10)
    expect(uplift('lost_cause')).toBeCloseTo(0.005, 10)
    expect(uplift('sleeping_dog')).toBeLessThan(-0.12)
    const admins = new Map<Value, number>()
    for (const { account_id, role } of users)
      if (/admin/i.test(String(role))) admins.set(account_id!, (admins.get(account_id!) ?? 0) + 1)
    for (const row of inGroup('sleeping_dog'))
      expect(Number(row.probability_nudged)).toBeCloseTo(admins.get(row.account_id!)! > 2 ? 0.06 : 0.3, 10)
  })

  it('lets the log show who slows down and who works fast', () => {
    const byUser = new Map<Value, { week: number; month: number; minutes: number }>()
    for (const { user_id, activity_date, actions, minutes } of table('b2b.daily_activity')) {
      const day = Number(activity_date) - campaign
      if (day >= 0 || day < -30 || minutes === null) continue
      const sums = byUser.get(user_id!) ?? { week: 0, month: 0, minutes: 0 }
      byUser.set(user_id!, sums)
      if (day >= -7) sums.week += Number(actions)
      sums.month += Number(actions)
      sums.minutes += Number(minutes)
    }
    const seen = (group: string, of: (sums: { week: number; month: number; minutes: number }) => number) =>
      mean(inGroup(group).flatMap(({ user_id }) => (byUser.has(user_id!) ? [of(byUser.get(user_id!)!)] : [])))
    const momentum = ({ week, month }: { week: number; month: number }) => week / (month / 4)
    expect(seen('persuadable', momentum)).toBeLessThan(0.9)
    expect(seen('sure_thing', momentum)).toBeGreaterThan(0.95)
    const intensity = ({ month, minutes }: { month: number; minutes: number }) => month / minutes
    expect(seen('sleeping_dog', intensity)).toBeGreaterThan(1.8 * seen('sure_thing', intensity))
    expect(seen('lost_cause', ({ month }) => month)).toBeLessThan(
      0.6 * seen('sure_thing', ({ month }) => month),
    )
  })

  it('annoys sleeping dogs', () => {
    const complaints = (nudged: boolean, group: string) =>
      share(
        inGroup(group).filter((row) => row.nudged === nudged),
        ({ complained }) => complained,
      )
    expect(complaints(true, 'sleeping_dog')).toBeGreaterThan(0.18)
    expect(complaints(true, 'persuadable')).toBeLessThan(0.03)
    expect(complaints(false, 'sleeping_dog')).toBeLessThan(0.02)
  })

  it('gives each user the outcome that the truth holds for what was done', () => {
    for (const row of users)
      expect(row.converted).toBe(row.nudged ? row.converted_nudged : row.converted_control)
  })

  it('records what was spoiled, and is the same world under the dirt', () => {
    const clean = collectTables(world, load, { ...params, b2b_dirt: 0 })
    expect(clean['truth.b2b_dirt']).toEqual([])
    for (const name of ['b2b.interventions', 'b2b.outcomes', 'truth.b2b_users'])
      expect(clean[name]).toEqual(rows[name])
    const dirt = table('truth.b2b_dirt')
    const count = (problem: string) => dirt.filter((row) => row.problem === problem).length
    const extra = rows['b2b.daily_activity']!.length - clean['b2b.daily_activity']!.length
    expect(count('duplicate')).toBe(extra)
    expect(count('missing_minutes')).toBe(rows['b2b.daily_activity']!.filter((row) => row[4] === null).length)
    expect(count('impossible_date')).toBe(rows['b2b.daily_activity']!.filter((row) => row[1] === 0).length)
    expect(count('role_spelling')).toBe(
      users.filter(({ role }) => role !== 'admin' && role !== 'member').length,
    )
    expect(count('missing_plan')).toBe(table('b2b.accounts').filter(({ plan }) => plan === null).length)
    expect(
      Math.min(
        ...['duplicate', 'missing_minutes', 'impossible_date', 'role_spelling', 'missing_plan'].map(count),
      ),
    ).toBeGreaterThan(0)
  })
})

describe('the plan of the b2b world', () => {
  const more = { ...params, b2b_accounts: 201 }

  it('gives the same rows in whatever order it is carried out, and for more accounts', () => {
    const backwards = collectTables(world, load, more, [1, 0])
    const byAccount = (values: readonly Value[][]) => [...values].sort((a, b) => Number(a[0]) - Number(b[0]))
    for (const name of ['b2b.accounts', 'b2b.users', 'truth.b2b_users'])
      expect(byAccount(backwards[name]!)).toEqual(rows[name]!.slice(0, backwards[name]!.length))
    const ofTheLast = (values: readonly Value[][]) =>
      values.filter(([userId]) => Number(userId) > 201_000 && Number(userId) < 202_000)
    expect(ofTheLast(backwards['b2b.daily_activity']!)).toEqual(ofTheLast(rows['b2b.daily_activity']!))
    expect(digestTables(world, load, more, 0)).toBe(digestTables(world, load, params, 0))
  })

  it.each([
    [{ b2b_accounts: 0 }, /b2b_accounts must be a whole number from 1/],
    [{ b2b_days_before: 7 }, /b2b_days_before must be a whole number from 30/],
    [{ b2b_campaign: 'soon' }, /b2b_campaign must be a date/],
    [{ b2b_selection: 3 }, /b2b_selection must be from 0 to 2/],
    [{ b2b_dirt: -1 }, /b2b_dirt must be from 0 to 5/],
  ])('refuses %o', (change, message) => {
    expect(() => world.partitions({ ...params, ...change })).toThrow(message)
  })
})
