import { type DetailedValidation, validateDetailed } from 'node-cron'

/*
 * A cron expression as the sets of values that its fields allow. node-cron reads it, so that what can be written is
 * what its users know: five fields or six with seconds in front, names of months and days, ranges, steps, lists,
 * `L`, `L-3`, `15W`, `LW`, `5L`, `5#3`, nicknames such as @daily.
 *
 * One thing is decided as in cron(5) and Airflow, and not as node-cron itself matches: where both the day of the month
 * and the day of the week are restricted, a day that satisfies either is meant.
 */

export interface CronPattern {
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly months: readonly number[]
  readonly daysOfMonth: readonly (number | string)[]
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly (number | string)[]
  readonly isAnyDayOfMonth: boolean
  readonly isAnyDayOfWeek: boolean
  /** Whether it goes by the hours that pass and not by times of the day: no hour is named. */
  readonly isAnyHour: boolean
}

/** What is wrong with an expression, for a person. */
export interface CronFault {
  readonly message: string
  readonly hint?: string
}

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** The expression with its nickname written out and its blanks single. */
export function writtenOutCron(cron: string): string {
  const trimmed = cron.trim().replace(/\s+/g, ' ')
  return nicknames[trimmed.toLowerCase()] ?? trimmed
}

/** Reads an expression. */
export function readCron(cron: string): CronPattern | CronFault {
  const written = writtenOutCron(cron)
  const words = written.split(' ')
  const [, , hour, dayOfMonth, , dayOfWeek] = words.length === 5 ? ['0', ...words] : words
  const { fields, errors } = fieldsOf(words, isAny(dayOfWeek))
  if (!fields) return faultOf(written, errors[0])
  return {
    seconds: ascending(fields.second),
    minutes: ascending(fields.minute),
    hours: ascending(fields.hour),
    months: fields.month,
    daysOfMonth: fields.dayOfMonth,
    daysOfWeek: fields.dayOfWeek,
    isAnyDayOfMonth: isAny(dayOfMonth),
    isAnyDayOfWeek: isAny(dayOfWeek),
    isAnyHour: isAny(hour) || fields.hour.length === 24,
  }
}

/** What node-cron makes of it. It refuses a day that its months do not have, also where a day of the week will do. */
function fieldsOf(words: readonly string[], isAnyDayOfWeek: boolean): DetailedValidation {
  const whole = validateDetailed(words.join(' '))
  if (whole.valid || isAnyDayOfWeek || !/impossible day/.test(whole.errors[0]?.message ?? '')) return whole
  const inAnyMonth = validateDetailed(words.with(-2, '*').join(' '))
  const months = validateDetailed(`0 0 1 ${words.at(-2)} *`).fields?.month
  if (!inAnyMonth.fields || !months) return whole
  return { ...inAnyMonth, fields: { ...inAnyMonth.fields, month: months } }
}

/** Whether a day (of the proleptic Gregorian calendar, month from 1) is one of the pattern's. */
export function isDayOf(pattern: CronPattern, year: number, month: number, day: number): boolean {
  const { months, isAnyDayOfMonth, isAnyDayOfWeek } = pattern
  if (!months.includes(month)) return false
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay()
  const byMonth = () => pattern.daysOfMonth.some((rule) => isDayOfMonth(rule, year, month, day, last))
  const byWeek = () => pattern.daysOfWeek.some((rule) => isDayOfWeek(rule, weekday, day, last))
  if (isAnyDayOfMonth) return isAnyDayOfWeek || byWeek()
  return isAnyDayOfWeek ? byMonth() : byMonth() || byWeek()
}

function isDayOfMonth(
  rule: number | string,
  year: number,
  month: number,
  day: number,
  last: number,
): boolean {
  if (typeof rule === 'number') return rule === day
  if (rule === 'L') return day === last
  const fromLast = /^L-(\d+)$/.exec(rule)
  if (fromLast) return day === last - Number(fromLast[1])
  const nearest = /^(\d+|L)W$/.exec(rule)
  if (!nearest) return false
  return day === workingDayNear(year, month, nearest[1] === 'L' ? last : Number(nearest[1]), last)
}

/** Monday to Friday nearest to a day, within its month. */
function workingDayNear(year: number, month: number, day: number, last: number): number | null {
  if (day > last) return null
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay()
  if (weekday === 6) return day === 1 ? 3 : day - 1
  if (weekday === 0) return day === last ? day - 2 : day + 1
  return day
}

function isDayOfWeek(rule: number | string, weekday: number, day: number, last: number): boolean {
  if (typeof rule === 'number') return rule % 7 === weekday
  const [, which, ordinal] = /^(\d)(?:L|#(\d))$/i.exec(rule) ?? []
  if (which === undefined || Number(which) % 7 !== weekday) return false
  return ordinal === undefined ? day + 7 > last : Math.ceil(day / 7) === Number(ordinal)
}

function isAny(field: string | undefined): boolean {
  return field === '*' || field === '?'
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}

const fieldNames: Readonly<Record<string, string>> = {
  second: 'seconds',
  minute: 'minutes (0-59)',
  hour: 'hours (0-23)',
  dayOfMonth: 'days of the month (1-31)',
  month: 'months (1-12)',
  dayOfWeek: 'days of the week (0-7, 0 and 7 are Sunday)',
}

function faultOf(
  cron: string,
  error: { field: string; value?: string; message: string } | undefined,
): CronFault {
  const field = error && fieldNames[error.field]
  const startAndStep = /^(\d+)\/(\d+)$/.exec(error?.value ?? '')
  if (error && /impossible day/.test(error.message))
    return { message: `'${cron}' never fires: no such day is in the months it names` }
  if (field && startAndStep) {
    const most = { second: 59, minute: 59, hour: 23, dayOfMonth: 31, month: 12, dayOfWeek: 6 }[error.field]
    return {
      message: `'${cron}' is no cron expression: '${error.value}' cannot stand for ${field}`,
      hint: `from ${startAndStep[1]} on in steps of ${startAndStep[2]} is written ${startAndStep[1]}-${most}/${startAndStep[2]}`,
    }
  }
  if (field) return { message: `'${cron}' is no cron expression: '${error.value}' cannot stand for ${field}` }
  return {
    message: `'${cron}' is no cron expression`,
    hint: cron.startsWith('@')
      ? `nicknames are ${Object.keys(nicknames).join(', ')}`
      : 'write minute hour day-of-month month day-of-week, as in "30 2 * * *", or a nickname such as @daily',
  }
}
