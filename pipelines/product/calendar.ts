import { microsPerDay } from '../parameters.ts'
import { startMicros, type WorldParams } from './params.ts'

/*
 * When people are awake: the week, the day by the clock on the user's wall, and daylight saving.
 * Time of activity is "weighted days": day d is as long as its weight, so a plain Poisson process in that time has
 * the weekly rhythm when it is read off the calendar.
 */

/** Activity by day of the week, Monday first; mean 1. */
const weekdayWeights = [0.95, 0.93, 0.94, 0.97, 1.05, 1.12, 1.04]
/** Sign-ups by day of the week, Monday first. */
const signupWeekdayWeights = [1.08, 1.06, 1.04, 1.0, 0.93, 0.93, 0.96]
/** Activity by local hour. */
const weekdayHours = [
  1.5, 0.8, 0.5, 0.3, 0.3, 0.6, 1.6, 3.2, 4.0, 3.6, 3.4, 3.8, 4.9, 4.6, 3.8, 3.7, 4.1, 5.0, 6.2, 7.6, 8.8,
  8.4, 5.9, 3.2,
]
const weekendHours = [
  2.6, 1.7, 1.0, 0.6, 0.4, 0.4, 0.8, 1.6, 2.9, 4.2, 5.2, 5.6, 5.7, 5.6, 5.5, 5.4, 5.4, 5.6, 6.2, 7.0, 7.6,
  7.4, 5.9, 3.9,
]
/** Sign-ups per day grow by this factor from the first to the last day. */
const signupGrowth = 1.4
const quantileSteps = 256

export interface Calendar {
  readonly startMicros: number
  readonly endMicros: number
  readonly days: number
  /** Activity weight before each day: day d runs from elapsed[d] to elapsed[d + 1]. */
  readonly elapsed: Float64Array
  /** Sign-ups by day, unnormalised. */
  readonly signupWeights: readonly number[]
  /** For each day, the time of day in microseconds by quantile of that day's activity. */
  readonly timeOfDay: readonly Float64Array[]
}

/** The calendar of a world. */
export function makeCalendar(params: WorldParams): Calendar {
  const start = startMicros(params)
  const elapsed = new Float64Array(params.days + 1)
  const signupWeights: number[] = []
  const timeOfDay: Float64Array[] = []
  const weekday = dayQuantiles(weekdayHours)
  const weekend = dayQuantiles(weekendHours)
  for (let day = 0; day < params.days; day++) {
    const dayOfWeek = mondayFirst(start, day)
    elapsed[day + 1] = elapsed[day]! + weekdayWeights[dayOfWeek]!
    signupWeights.push(signupGrowth ** (day / params.days) * signupWeekdayWeights[dayOfWeek]!)
    timeOfDay.push(dayOfWeek < 5 ? weekday : weekend)
  }
  const endMicros = start + params.days * microsPerDay
  return { startMicros: start, endMicros, days: params.days, elapsed, signupWeights, timeOfDay }
}

/** The instant, in whole milliseconds, at this quantile of a local day's activity. */
export function momentOf(calendar: Calendar, day: number, quantile: number, offsets: Float64Array): number {
  const table = calendar.timeOfDay[day]!
  const position = quantile * quantileSteps
  const step = Math.floor(position)
  const time = table[step]! + (position - step) * (table[step + 1]! - table[step]!)
  return calendar.startMicros + day * microsPerDay + Math.floor(time / 1000) * 1000 - offsets[day]!
}

/** The position of that instant in weighted days. */
export function clockAt(calendar: Calendar, day: number, quantile: number): number {
  const { elapsed } = calendar
  return elapsed[day]! + quantile * (elapsed[day + 1]! - elapsed[day]!)
}

function mondayFirst(start: number, day: number): number {
  return (new Date(start / 1000 + day * 86_400_000).getUTCDay() + 6) % 7
}

/** Inverts the cumulative activity over the hours: the time of day at 0, 1/256, … 1 of the day's activity. */
function dayQuantiles(hours: readonly number[]): Float64Array {
  const total = hours.reduce((sum, weight) => sum + weight, 0)
  const table = new Float64Array(quantileSteps + 1)
  let hour = 0
  let before = 0
  for (let step = 0; step < quantileSteps; step++) {
    const target = (step / quantileSteps) * total
    while (before + hours[hour]! <= target) before += hours[hour++]!
    table[step] = (hour + (target - before) / hours[hour]!) * 3600e6
  }
  table[quantileSteps] = microsPerDay
  return table
}
