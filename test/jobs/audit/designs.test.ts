import { expect, test } from 'vitest'
import { experimentMethods } from '../../../src/core/experiment-spec.ts'
import { auditInThreads } from '../../../src/jobs/audit/audit-in-threads.ts'
import { auditDesigns } from '../../../src/jobs/audit/designs/audit-designs.ts'
import { designs } from '../../../src/jobs/audit/designs/designs.ts'

/*
 * A small audit of every method; `npm run bench -- audit` has a thousand replications. Rates lie within five standard
 * errors of what was promised: with a hundred rates of ten replications a fault would have to be large, an accident
 * is one in ten thousand.
 */

const replications = 10
const farOff = 5

test('every method has a design that it is audited by', () => {
  const asked = new Set(designs.flatMap(({ spec }) => spec.methods))
  expect(experimentMethods.filter((method) => !asked.has(method))).toEqual([])
})

test('every method keeps what it promises, as far as few replications can tell', async () => {
  const audits = await auditDesigns({ seed: 11, replications }, () => ({ threads: 1 }))
  const answered = new Set<string>()
  for (const { experiment, hasNull, methods } of audits)
    for (const { outcome, method, scale, lift, coverage, rejection, bias, refused } of methods) {
      const words = `${experiment}: ${method} of ${outcome}, ${scale}, lift ${lift}`
      // Ratios have no outcome of a single unit, and a design refuses nothing else.
      expect(refused, words).toBe(method === 'cupac' && outcome === 'value_per_order' ? replications : 0)
      if (refused > 0) continue
      answered.add(method)
      const far = (rate: number): number => farOff * Math.sqrt((rate * (1 - rate)) / replications)
      if (!Number.isNaN(coverage.value)) expect(0.95 - coverage.value, words).toBeLessThan(far(0.95))
      if (hasNull && lift === 0) expect(rejection.value - 0.05, words).toBeLessThan(far(0.05))
      // The mean of lifts is beyond the lift by what the control's mean varies; of differences there is none.
      if (scale === 'absolute' && bias.error > 0)
        expect(Math.abs(bias.value), words).toBeLessThan(farOff * bias.error)
    }
  expect(experimentMethods.filter((method) => !answered.has(method))).toEqual([])
  const looked = audits.flatMap(({ peeking }) => peeking)
  const valid = looked.filter(({ ciKind }) => ciKind === 'always_valid')
  expect(valid.length).toBeGreaterThan(5)
  for (const { method, rejection } of valid) expect(rejection.value, method).toBeLessThan(0.2)
}, 300_000)

test('designs come to the same digits on any number of threads', async () => {
  const task = { kind: 'design', design: 'switchback', plan: { seed: 5, replications: 25 } } as const
  expect(await auditInThreads(task, { threads: 3 })).toEqual(await auditInThreads(task, { threads: 1 }))
})
