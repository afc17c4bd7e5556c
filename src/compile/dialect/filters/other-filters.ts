// Filters that need something from outside: randomness, or whether a native value is wanted.

import { str } from '../values/repr.ts'
import { listOf } from '../values/sequences.ts'
import { Undefined } from '../values/value.ts'
import { type Filter, filter, freeFilter } from './filter.ts'
import { MarkedText, type NativeMark } from './value-filters.ts'

/** `random`: one of the values, by the given source of numbers from 0 to 1. */
export function randomFilter(random: () => number): (name: string) => Filter {
  return filter([], (value) => {
    const items = listOf(value)
    return items[Math.floor(random() * items.length)] ?? new Undefined('No random item, sequence was empty.')
  })
}

/** Marks a text where a native value is wanted; else leaves the value as it is. */
function marked(mark: NativeMark): (name: string) => Filter {
  return freeFilter((session, [value]) => (session.native ? new MarkedText(str(value!), mark) : value!))
}

/** dbt's filters that say what a text shall become when it is rendered to a value. */
export const textMarkFilters: Record<string, (name: string) => Filter> = {
  as_text: marked('text'),
  as_bool: marked('bool'),
  as_number: marked('number'),
  as_native: marked('native'),
}
