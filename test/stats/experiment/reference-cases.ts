import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { type ArmMoments, isRefused, momentsFromSums, type Refusal } from '../../../src/stats/index.ts'

/** A numeric case from a public test suite, with the tolerance at which its source states its numbers. */
export type ReferenceCase = {
  id: string
  // biome-ignore lint/suspicious/noExplicitAny: every case has its own shape, which its test states
  inputs: any
  // biome-ignore lint/suspicious/noExplicitAny: every case has its own shape, which its test states
  expected: any
  tolerance: { abs?: number; rel?: number }
}

const file = new URL('../../reference/experiment_cases.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: ReferenceCase[] }

/** Every case's id. */
export const caseIds = cases.map(({ id }) => id)

/** The case with this id. */
export function referenceCase(id: string): ReferenceCase {
  const found = cases.find((one) => one.id === id)
  if (!found) throw new Error(`no reference case '${id}'`)
  return found
}

/** Expects each named number to be within the case's tolerance of the reference: |x − e| ≤ abs + rel·|e|. */
export function expectWithin(
  reference: ReferenceCase,
  got: Record<string, number | readonly number[]>,
): void {
  const { abs = 0, rel = 0 } = reference.tolerance
  for (const [name, value] of Object.entries(got)) {
    const expected = [reference.expected[name]].flat() as number[]
    const values = [value].flat() as number[]
    expect(values.length, name).toBe(expected.length)
    for (const [index, one] of values.entries()) {
      const difference = Math.abs(one - expected[index]!)
      expect(difference, `${name}: ${one}, not ${expected[index]}`).toBeLessThanOrEqual(
        abs + rel * Math.abs(expected[index]!),
      )
    }
  }
}

/** The moments of an arm given as n, sum and sum_squares. */
export function armOf(arm: { n: number; sum: number; sum_squares: number }): ArmMoments {
  return momentsFromSums({ n: arm.n, sum: arm.sum, sumSquares: arm.sum_squares })
}

/** The result, which must not be a refusal. */
export function accepted<T extends object>(result: T | Refusal): T {
  if (isRefused(result)) throw new Error(`refused: ${result.refused}`)
  return result
}
