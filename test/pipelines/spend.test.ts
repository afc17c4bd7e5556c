import { describe, expect, it } from 'vitest'
import type { SpendParams } from '../../pipelines/spend/params.ts'
import world from '../../pipelines/spend/world.ts'
import { collectTables, declaredLoad, digestTables } from './collect-tables.ts'

const load = declaredLoad('spend.yml')
const params = { ...(load.params as unknown as SpendParams), spend_users: 120_000 }
const rows = collectTables(world, load, params)
const column = (table: string, index: number, from = rows) => from[table]!.map((row) => row[index] as number)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

interface Unit {
  readonly used: boolean
  readonly invited: boolean
  readonly age: number
  readonly sessions: number
  readonly before: number
  readonly after: number
}

/** One row per user, as a model would join it. */
function unitsOf(tables: typeof rows): Unit[] {
  const used = new Set(column('spend.feature_use', 0, tables))
  const launch = Date.UTC(2026, 4, 1) / 86_400_000
  return tables['spend.users']!.map(([userId, signedUp, , invited], index) => ({
    used: used.has(userId as number),
    invited: invited as boolean,
    age: launch - (signedUp as number),
    sessions: tables['spend.monthly_activity']![2 * index]![2] as number,
    before: (tables['spend.monthly_spend']![2 * index]![2] as number) / 100,
    after: (tables['spend.monthly_spend']![2 * index + 1]![2] as number) / 100,
  }))
}

const units = unitsOf(rows)

/** Mean of a column among the users of the feature less that among the others. */
function gap(
  of: (unit: Unit) => number,
  among = units,
  by: (unit: Unit) => boolean = ({ used }) => used,
): number {
  return mean(among.filter(by).map(of)) - mean(among.filter((unit) => !by(unit)).map(of))
}

/** The coefficient of use in the least squares of spend on use, age and sessions: Frisch, Waugh and Lovell. */
function adjusted(among: readonly Unit[]): number {
  const residual = (of: (unit: Unit) => number) => {
    const columns = [(_: Unit) => 1, (unit: Unit) => unit.age, (unit: Unit) => unit.sessions].map((get) =>
      among.map(get),
    )
    const basis: number[][] = []
    const without = (values: number[]) =>
      basis.reduce((rest, unit) => {
        const share = rest.reduce((sum, value, index) => sum + value * unit[index]!, 0)
        return rest.map((value, index) => value - share * unit[index]!)
      }, values)
    for (const values of columns) {
      const rest = without(values)
      const norm = Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0))
      basis.push(rest.map((value) => value / norm))
    }
    return without(among.map(of))
  }
  const use = residual(({ used }) => (used ? 1 : 0))
  const spend = residual(({ after }) => after)
  const product = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0)
  return product(use, spend) / product(use, use)
}

describe('the spend world', () => {
  it('has one row per user, two per user and month, and a use for those who took to the feature', () => {
    expect(column('spend.users', 0)).toEqual(Array.from({ length: 120_000 }, (_, index) => index + 1))
    expect(rows['spend.monthly_spend']).toHaveLength(240_000)
    expect(rows['spend.monthly_activity']).toHaveLength(240_000)
    expect(rows['truth.spend_outcomes']).toHaveLength(120_000)
    expect(rows['truth.spend_effects']).toEqual([
      ['ate', 'monthly_spend', 10],
      ['att', 'monthly_spend', 10],
      ['atc', 'monthly_spend', 10],
    ])
    expect(mean(units.map(({ used }) => (used ? 1 : 0)))).toBeCloseTo(0.37, 1)
  })

  it('overstates the effect by some 45 % when users of the feature are compared with the others', () => {
    expect(Math.abs(gap(({ after }) => after) - 14.5)).toBeLessThan(0.25)
  })

  it('shows the true effect once account age and activity are held equal', () => {
    expect(Math.abs(adjusted(units) - 10)).toBeLessThan(0.15)
  })

  it('is drawn to power users: they are older and more active, and spent more before there was a feature', () => {
    expect(gap(({ age }) => age)).toBeGreaterThan(100)
    expect(gap(({ sessions }) => sessions)).toBeGreaterThan(4)
    expect(Math.abs(gap(({ before }) => before) - 4.5)).toBeLessThan(0.25)
  })

  it('invites by lot: the invited differ in use and in nothing that came before', () => {
    const invited = (unit: Unit) => unit.invited
    expect(gap(({ used }) => (used ? 1 : 0), units, invited)).toBeGreaterThan(0.15)
    expect(Math.abs(gap(({ age }) => age, units, invited))).toBeLessThan(6)
    expect(Math.abs(gap(({ sessions }) => sessions, units, invited))).toBeLessThan(0.2)
    expect(Math.abs(gap(({ before }) => before, units, invited))).toBeLessThan(0.2)
  })

  it('leaves nobody sure to take to the feature or to leave it, and nobody spending less than nothing', () => {
    const propensities = column('truth.spend_outcomes', 1)
    expect(Math.min(...propensities.slice(0, 50_000))).toBeGreaterThan(0.05)
    expect(propensities.filter((value) => value > 0.95).length / propensities.length).toBeLessThan(0.005)
    expect(units.every(({ before, after }) => before > 0 && after > 0)).toBe(true)
  })

  it('agrees with its truth: each user spent what the outcomes say for what the user did', () => {
    rows['truth.spend_outcomes']!.forEach(([, , without, withFeature], index) => {
      const spent = rows['spend.monthly_spend']![2 * index + 1]![2]
      if (spent !== (units[index]!.used ? withFeature : without)) throw new Error(`user ${index + 1}`)
    })
  })

  it('is a fair lottery without selection', () => {
    const fair = unitsOf(collectTables(world, load, { ...params, spend_selection: 0 }))
    expect(Math.abs(gap(({ after }) => after, fair) - 10)).toBeLessThan(0.2)
  })
})

describe('the plan of the spend world', () => {
  it('gives the same rows in whatever order and sizes it is carried out', () => {
    const shuffled = collectTables(world, load, params, [2, 0, 1])
    const sorted = (table: readonly unknown[][]) => table.map((row) => JSON.stringify(row)).sort()
    for (const table of Object.keys(rows))
      expect(sorted(shuffled[table]!), table).toEqual(sorted(rows[table]!))
    const few = collectTables(world, load, { ...params, spend_users: 100 })
    expect(few['spend.users']).toEqual(rows['spend.users']!.slice(0, 100))
    expect(digestTables(world, load, params, 1)).toBe(digestTables(world, load, params, 1))
  })

  it('plans a thousand million users by their numbers', () => {
    const partitions = world.partitions({ ...params, spend_users: 1e9 })
    expect(partitions).toHaveLength(20_000)
    expect(partitions.at(-1)).toEqual({ first: 999_950_001, count: 50_000 })
  })

  it.each([
    [{ spend_users: 0 }, /spend_users must be a whole number from 1/],
    [{ spend_launch: '2026-05-02' }, /spend_launch must be the first day of a month/],
    [{ spend_launch: '2026-02-30' }, /spend_launch must be a date/],
    [{ spend_selection: -1 }, /spend_selection must be from 0 to 3/],
    [{ spend_effect_cents: 0.5 }, /spend_effect_cents must be a whole number/],
  ])('refuses %o', (change, message) => {
    expect(() => world.partitions({ ...params, ...change })).toThrow(message)
  })
})
