import { defineGenerator, type GeneratorContext, makeRandom } from 'estimand'
import { planUnits } from '../parameters.ts'
import type { SpoiledPlace } from '../spoiled-place.ts'
import { type Account, drawAccount, plans, regions } from './account.ts'
import { type ActiveDay, actionsWithin, drawActivity } from './activity.ts'
import { misspelledRole, recordActivity, type Spoiled, spoils } from './dirt.ts'
import { type B2bParams, campaignDay, checkParams, usersPerAccount } from './params.ts'
import {
  type B2bUser,
  complaintOf,
  conversionOf,
  drawUser,
  groupLaws,
  latentGroups,
  propensityOf,
  responses,
} from './user.ts'

/*
 * The b2b world: a nudge was sent to users of business accounts, mostly to those who did little. It helps some,
 * changes nothing for others and annoys a tenth. An account is one random stream and each of its users another, so
 * the plan of partitions does not matter to what comes out.
 */

const accountsPerPartition = 200

type Tables = GeneratorContext<B2bParams>['tables']

interface Place extends SpoiledPlace<B2bParams> {
  /** Day of the campaign, counted from 1970. */
  readonly campaign: number
}

export default defineGenerator<B2bParams, { readonly first: number; readonly count: number }>({
  // Seven users an account, each active on six of ten days.
  expectedRows: ({ b2b_accounts, b2b_days_before, b2b_window_days }) =>
    Math.round(b2b_accounts * (1 + 7.1 * (3.1 + 0.58 * (b2b_days_before + b2b_window_days)))),
  partitions(params) {
    checkParams(params)
    return planUnits(params.b2b_accounts, accountsPerPartition)
  },
  *generate({ first, count }, { params, tables }) {
    if (first === 1) writeGroups(tables)
    const random = makeRandom(params.b2b_seed)
    const dirt = makeRandom(params.b2b_seed + 1)
    const place = { params, tables, campaign: campaignDay(params), random, dirt }
    const account = {} as Account
    const user = {} as B2bUser
    for (let accountId = first; accountId < first + count; accountId++) {
      // Users have the streams above; an account's own is that of a user it does not have.
      random.reseed(accountId * usersPerAccount)
      dirt.reseed(accountId * usersPerAccount)
      drawAccount(random, account)
      writeAccount(accountId, account, place)
      for (let seat = 0; seat < account.seats; seat++) {
        const userId = accountId * usersPerAccount + seat + 1
        random.reseed(userId)
        dirt.reseed(userId)
        drawUser(random, account, seat, user)
        writeUser({ userId, accountId, user, account }, place)
        yield
      }
    }
  },
})

interface Member {
  readonly userId: number
  readonly accountId: number
  readonly user: B2bUser
  readonly account: Account
}

function writeAccount(accountId: number, account: Account, { params, tables, campaign, dirt }: Place): void {
  const plan = plans[account.plan]!
  const planMissing = spoils(dirt, 'missing_plan', params.b2b_dirt)
  const out = tables['b2b.accounts']!
  out.startRow()
  out.int8(accountId)
  if (planMissing) out.null()
  else out.text(plan.name)
  out.text(regions[account.region]!)
  out.int4(account.seats)
  out.date(campaign - account.tenure)
  out.int4(plan.centsPerSeat * account.seats)
  if (planMissing) writeDirt(tables, 'b2b.accounts', String(accountId), 'missing_plan')
}

/** Everything about one user: who it is, what was done, whether the nudge came, and what came of it. */
function writeUser(member: Member, place: Place): void {
  const { params, tables, campaign, random } = place
  const { userId, user } = member
  writeRole(member, place)
  const first = -Math.min(params.b2b_days_before, user.tenure)
  // 1970-01-01 was a Thursday, the fourth day of the week.
  const weekday = (campaign + 3) % 7
  const activity = drawActivity(random, user, first, params.b2b_window_days, weekday)
  writeActivity(userId, activity, place)
  const propensity = propensityOf(user, actionsWithin(activity, 30), params.b2b_selection)
  const treated = random.bernoulli(propensity)
  const sentAt = (campaign + (8 + 4 * random.uniform()) / 24) * 86_400
  const nudge = tables['b2b.interventions']!
  nudge.startRow()
  nudge.int8(userId)
  nudge.bool(treated)
  if (treated) nudge.timestamptz(Math.floor(sentAt) * 1e6)
  else nudge.null()
  writeOutcome(member, { treated, propensity }, place)
}

function writeRole({ userId, accountId, user }: Member, { params, tables, campaign, dirt }: Place): void {
  const misspelled = spoils(dirt, 'role_spelling', params.b2b_dirt)
  const out = tables['b2b.users']!
  out.startRow()
  out.int8(userId)
  out.int8(accountId)
  out.text(misspelled ? misspelledRole(dirt, user.admin) : user.admin ? 'admin' : 'member')
  out.date(campaign - user.tenure)
  out.text(responses[user.response]!)
  if (misspelled) writeDirt(tables, 'b2b.users', String(userId), 'role_spelling')
}

function writeActivity(
  userId: number,
  activity: readonly ActiveDay[],
  { params, tables, campaign, dirt }: Place,
): void {
  const out = tables['b2b.daily_activity']!
  for (const row of recordActivity(dirt, activity, campaign, params.b2b_dirt)) {
    out.startRow()
    out.int8(userId)
    out.date(row.date)
    out.int4(row.sessions)
    out.int4(row.actions)
    if (row.minutesKnown) out.int4(row.minutes)
    else out.null()
    if (row.spoiled) writeDirt(tables, 'b2b.daily_activity', `${userId} ${campaign + row.day}`, row.spoiled)
  }
}

/**
 * The outcome under either arm comes from one uniform draw, so a nudge that helps on average never makes a user
 * lose what would have come without it.
 */
function writeOutcome(
  { userId, user, account }: Member,
  { treated, propensity }: { readonly treated: boolean; readonly propensity: number },
  { tables, random }: Place,
): void {
  const [control, treatment] = conversionOf(user, account)
  const luck = random.uniform()
  const converted = luck < (treated ? treatment : control)
  const complained = random.bernoulli(complaintOf(user, treated))
  const cents = Math.round(plans[account.plan]!.centsPerSeat * (0.6 + 0.8 * random.uniform()))
  const out = tables['b2b.outcomes']!
  out.startRow()
  out.int8(userId)
  out.bool(converted)
  out.int4(converted ? cents : 0)
  out.bool(complained)
  const truth = tables['truth.b2b_users']!
  truth.startRow()
  truth.int8(userId)
  truth.text(user.group)
  truth.float8(propensity)
  truth.float8(control)
  truth.float8(treatment)
  truth.bool(luck < control)
  truth.bool(luck < treatment)
}

function writeDirt(tables: Tables, table: string, key: string, problem: Spoiled): void {
  const out = tables['truth.b2b_dirt']!
  out.startRow()
  out.text(table)
  out.text(key)
  out.text(problem)
}

function writeGroups(tables: Tables): void {
  const out = tables['truth.b2b_groups']!
  for (const group of latentGroups) {
    out.startRow()
    out.text(group)
    out.float8(groupLaws[group].base)
    out.float8(groupLaws[group].uplift)
  }
}
