import type { Random } from 'estimand'
import type { B2bUser } from './user.ts'

/*
 * The activity log: a row for each day on which a user did something.
 */

/** One day's activity: `day` counts from the campaign, so days before it are negative. */
export interface ActiveDay {
  day: number
  sessions: number
  actions: number
  minutes: number
}

/** The days of a user from `first` to `last`, both counted from the campaign; `weekday` is that of the campaign, Monday 0. */
export function drawActivity(
  random: Random,
  user: B2bUser,
  first: number,
  last: number,
  weekday: number,
): ActiveDay[] {
  const days: ActiveDay[] = []
  for (let day = first; day <= last; day++) {
    const weekend = (((weekday + day) % 7) + 7) % 7 >= 5
    if (!random.bernoulli(weekend ? user.presence * 0.12 : user.presence)) continue
    // The last week before the campaign shows the drift, and so does everything after it.
    const pace = day >= -7 ? user.drift : 1
    const actions = 1 + random.poisson(Math.max(0, user.actionsPerDay * pace - 1))
    const minutes = (actions / user.intensity) * (random.gamma(12) / 12)
    const sessions = 1 + random.poisson(minutes / 18)
    days.push({ day, sessions, actions, minutes: Math.max(1, Math.round(minutes)) })
  }
  return days
}

/** Actions in the `days` days before the campaign. */
export function actionsWithin(activity: readonly ActiveDay[], days: number): number {
  return activity.reduce((sum, { day, actions }) => (day < 0 && day >= -days ? sum + actions : sum), 0)
}
