import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

/*
 * Numbers that other software gives for small made-up data: inputs and results are in the JSON file, with the
 * software of each case beside it. They were made by a Python script that draws the data with numpy's
 * default_rng(20261121), rounds them to three digits, and runs what `source` says.
 */

const file = new URL('../../reference/experiment_methods.json', import.meta.url)
// biome-ignore lint/suspicious/noExplicitAny: every case has its own shape, which its test states
type Anything = any
const reference = JSON.parse(readFileSync(file, 'utf8')) as {
  data: Record<string, Anything>
  cases: Record<string, Anything>
}

/** The data that the cases are computed on. */
export const data = reference.data

/** What other software gives. */
export function methodCase(name: string): Anything {
  const found = reference.cases[name]
  if (!found) throw new Error(`no case '${name}'`)
  return found
}

/** Expects each number to equal the case's to a relative `tolerance` (1e-9 if not given). */
export function expectCase(
  name: string,
  got: Record<string, number | readonly number[]>,
  tolerance = 1e-9,
): void {
  const expected = methodCase(name)
  for (const [key, value] of Object.entries(got)) {
    const numbers = [value].flat() as number[]
    const references = [expected[key]].flat() as number[]
    expect(numbers.length, `${name} ${key}`).toBe(references.length)
    for (const [index, number] of numbers.entries()) {
      const target = references[index]!
      const distance = Math.abs(number - target) / Math.max(Math.abs(target), 1e-6)
      expect(distance, `${name} ${key}: ${number}, not ${target}`).toBeLessThanOrEqual(tolerance)
    }
  }
}
