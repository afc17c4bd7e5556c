import { defineGenerator, type GeneratorContext, makeRandom } from 'estimand'
import { planUnits } from '../parameters.ts'
import { checkParams, type Months, monthsOf, type SpendParams } from './params.ts'
import { drawUser, type SpendUser, spendCountries } from './user.ts'

/*
 * The spend world: did a new feature make users spend more, or did those who spend more take to it?
 * A user is one random stream, so the plan of partitions does not matter to what comes out.
 */

const usersPerPartition = 50_000

type Tables = GeneratorContext<SpendParams>['tables']

export default defineGenerator<SpendParams, { readonly first: number; readonly count: number }>({
  // A row of users, activity, spend in each month, and truth; about a third take to the feature.
  expectedRows: ({ spend_users }) => Math.round(spend_users * 6.35) + 3,
  partitions(params) {
    checkParams(params)
    return planUnits(params.spend_users, usersPerPartition)
  },
  *generate({ first, count }, { params, tables }) {
    const months = monthsOf(params)
    if (first === 1) writeEffects(params, tables)
    const random = makeRandom(params.spend_seed)
    const user = {} as SpendUser
    for (let userId = first; userId < first + count; userId++) {
      random.reseed(userId)
      drawUser(random, params, user)
      const usedAt = user.usesFeature
        ? Math.floor((months.launch + random.uniform() * 5) * 86_400) * 1e6
        : undefined
      writeUser(userId, user, months, usedAt, tables)
      writeMonths(userId, user, months, params.spend_effect_cents, tables)
      writeTruth(userId, user, params.spend_effect_cents, tables)
      yield
    }
  },
})

const countryBytes = spendCountries.map(({ code }) => new TextEncoder().encode(code))

function writeUser(
  userId: number,
  user: SpendUser,
  months: Months,
  usedAt: number | undefined,
  tables: Tables,
): void {
  const users = tables['spend.users']!
  users.startRow()
  users.int8(userId)
  users.date(months.launch - user.accountAge)
  users.textBytes(countryBytes[user.country]!)
  users.bool(user.invited)
  if (usedAt === undefined) return
  const use = tables['spend.feature_use']!
  use.startRow()
  use.int8(userId)
  use.timestamptz(usedAt)
}

function writeMonths(
  userId: number,
  user: SpendUser,
  months: Months,
  effectCents: number,
  tables: Tables,
): void {
  const spentAfter = user.centsWithout + (user.usesFeature ? effectCents : 0)
  const activity = tables['spend.monthly_activity']!
  const spend = tables['spend.monthly_spend']!
  for (const [month, sessions, cents] of [
    [months.before, user.sessions, user.centsBefore],
    [months.launch, user.sessionsAfter, spentAfter],
  ] as const) {
    activity.startRow()
    activity.int8(userId)
    activity.date(month)
    activity.int4(sessions)
    spend.startRow()
    spend.int8(userId)
    spend.date(month)
    spend.int4(cents)
  }
}

function writeTruth(userId: number, user: SpendUser, effectCents: number, tables: Tables): void {
  const truth = tables['truth.spend_outcomes']!
  truth.startRow()
  truth.int8(userId)
  truth.float8(user.propensity)
  truth.int4(user.centsWithout)
  truth.int4(user.centsWithout + effectCents)
}

/** The effect is the same for every user; so are its averages over all, the users of the feature and the others. */
function writeEffects({ spend_effect_cents }: SpendParams, tables: Tables): void {
  const effects = tables['truth.spend_effects']!
  for (const estimand of ['ate', 'att', 'atc']) {
    effects.startRow()
    effects.text(estimand)
    effects.text('monthly_spend')
    effects.float8(spend_effect_cents / 100)
  }
}
