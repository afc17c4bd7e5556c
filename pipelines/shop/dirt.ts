import type { Random } from 'estimand'

/*
 * How the record is spoiled, and how each source writes time. What was done to which row, and what would have stood
 * there, is written to truth.shop_dirt, so that cleaning can be held against it.
 */

export type Problem =
  | 'duplicate'
  | 'bad_time'
  | 'local_time'
  | 'missing_product'
  | 'category_spelling'
  | 'missing_price'
  | 'missing_age'
  | 'impossible_age'
  | 'missing_country'
  | 'missing_duration'
  | 'impossible_duration'
  | 'amount_in_dollars'

const rates: Readonly<Record<Problem, number>> = {
  duplicate: 0.012,
  bad_time: 0.005,
  local_time: 0.02,
  missing_product: 0.01,
  category_spelling: 0.2,
  missing_price: 0.03,
  missing_age: 0.07,
  impossible_age: 0.008,
  missing_country: 0.03,
  missing_duration: 0.03,
  impossible_duration: 0.004,
  amount_in_dollars: 0.006,
}

/** True for a value that is to be spoiled in this way. */
export function spoils(random: Random, problem: Problem, dirt: number): boolean {
  return random.bernoulli(Math.min(1, rates[problem] * dirt))
}

const spellings: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => name.toLowerCase(),
  (name) => ` ${name} `,
  (name) => name.replace(' & ', ' and '),
  (name) => name.replaceAll(' ', '_').toLowerCase(),
  (name) => `${name}.`,
]

/** Another spelling of a category, which no other category has; some leave a short name as it is. */
export function misspelledCategory(random: Random, name: string): string {
  const others = [...new Set(spellings.map((spell) => spell(name)))].filter((text) => text !== name)
  return others[random.int(others.length)]!
}

export const impossibleAges = [-1, 0, 7, 199, 999] as const
const badTimes = ['', '0000-00-00 00:00:00', '1970-01-01T00:00:00Z', '2099-12-31T23:59:59Z', 'n/a'] as const

/** A text that says nothing about when something happened. */
export function badTime(random: Random): string {
  return badTimes[random.int(badTimes.length)]!
}

/** An instant as the source writes it: the phone with its offset, the desktop in UTC, the tablet in seconds since 1970. */
export function timeText(micros: number, offsetMicros: number, device: number): string {
  if (device === 0) return `${localText(micros, offsetMicros)}${offsetText(offsetMicros)}`
  if (device === 1) return `${new Date(micros / 1000).toISOString().slice(0, 19)}Z`
  return String(Math.floor(micros / 1e6))
}

/** What a clock on the wall shows. */
export function localText(micros: number, offsetMicros: number): string {
  return new Date((micros + offsetMicros) / 1000).toISOString().slice(0, 19).replace('T', ' ')
}

function offsetText(offsetMicros: number): string {
  const minutes = Math.abs(offsetMicros) / 60e6
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${offsetMicros < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
