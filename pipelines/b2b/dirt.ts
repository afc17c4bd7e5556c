import type { Random } from 'estimand'
import type { ActiveDay } from './activity.ts'

/*
 * How the record is spoiled. What was done to which row is written to truth.b2b_dirt, so that cleaning can be held
 * against it; nothing is spoiled that could not be told from the record itself.
 */

export type Spoiled = 'duplicate' | 'missing_minutes' | 'impossible_date' | 'role_spelling' | 'missing_plan'

const rates: Readonly<Record<Spoiled, number>> = {
  duplicate: 0.01,
  missing_minutes: 0.02,
  impossible_date: 0.002,
  role_spelling: 0.05,
  missing_plan: 0.01,
}

/** True for a row that is to be spoiled in this way. */
export function spoils(random: Random, kind: Spoiled, dirt: number): boolean {
  return random.bernoulli(Math.min(1, rates[kind] * dirt))
}

const adminSpellings = ['Admin', 'ADMIN', ' admin', 'administrator']
const memberSpellings = ['Member', 'MEMBER', 'member ', 'user']

/** A spelling of the role that the schema does not know. */
export function misspelledRole(random: Random, admin: boolean): string {
  const spellings = admin ? adminSpellings : memberSpellings
  return spellings[random.int(spellings.length)]!
}

/** A row of the activity log as it was recorded. */
export interface RecordedDay extends ActiveDay {
  /** Days since 1970. */
  readonly date: number
  readonly minutesKnown: boolean
  readonly spoiled: Spoiled | undefined
}

/** The log as recorded: some rows twice, some without minutes, some with the date of a clock that was never set. */
export function recordActivity(
  random: Random,
  activity: readonly ActiveDay[],
  campaign: number,
  dirt: number,
): RecordedDay[] {
  return activity.flatMap((day): RecordedDay[] => {
    const row = { ...day, date: campaign + day.day, minutesKnown: true, spoiled: undefined }
    if (spoils(random, 'duplicate', dirt)) return [row, { ...row, spoiled: 'duplicate' }]
    if (spoils(random, 'missing_minutes', dirt))
      return [{ ...row, minutesKnown: false, spoiled: 'missing_minutes' }]
    if (spoils(random, 'impossible_date', dirt)) return [{ ...row, date: 0, spoiled: 'impossible_date' }]
    return [row]
  })
}
