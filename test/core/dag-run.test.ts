import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasEnded, progressOf, type StepStanding } from '../../src/core/dag-run.ts'

const stepsOf = (...lines: string[]): StepStanding[] =>
  lines.map((line) => {
    const [name, status, when, ...needs] = line.split(' ')
    return { name: name!, status, when, needs } as StepStanding
  })

describe('progressOf', () => {
  it('lets go on what needs only what has ended as it asks', () => {
    const { steps, ended } = progressOf(
      stepsOf('a success success', 'b waiting success a', 'c waiting success b', 'd waiting failure a'),
      null,
    )
    expect([...steps]).toEqual([
      ['b', 'queued'],
      ['d', 'skipped'],
    ])
    expect(ended).toBeNull()
  })

  it('skips behind a failure, but for what is there for failures or always runs', () => {
    const { steps, ended } = progressOf(
      stepsOf('a failed success', 'b waiting success a', 'c waiting failure b a', 'd waiting always c'),
      null,
    )
    expect([...steps]).toEqual([
      ['b', 'skipped'],
      ['c', 'queued'],
    ])
    expect(ended).toBeNull()
  })

  it('ends a run when all has ended: well only where nothing failed', () => {
    expect(progressOf(stepsOf('a success success', 'b skipped failure a'), null).ended).toBe('success')
    expect(progressOf(stepsOf('a failed success', 'b success failure a'), null).ended).toBe('failed')
  })

  it('begins nothing more of a run that is stopped', () => {
    const steps = stepsOf('a running success', 'b waiting success a', 'c queued success')
    expect([...progressOf(steps, 'cancelled').steps]).toEqual([
      ['b', 'cancelled'],
      ['c', 'cancelled'],
    ])
    expect(progressOf(stepsOf('a cancelled success'), 'cancelled').ended).toBe('cancelled')
    expect(progressOf(stepsOf('a cancelled success'), 'deadline').ended).toBe('failed')
    expect(progressOf(stepsOf('a success success'), 'cancelled').ended).toBe('success')
  })

  it('brings every run to its end, whatever fails', () => {
    const whens = fc.constantFrom('success', 'failure', 'always' as const)
    const graph = fc.array(fc.record({ when: whens, needs: fc.array(fc.nat(20)), fails: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(graph, (spec) => {
        let steps: StepStanding[] = spec.map(({ when, needs }, index) => ({
          name: `s${index}`,
          needs: index === 0 ? [] : needs.map((need) => `s${need % index}`),
          when: when as StepStanding['when'],
          status: 'waiting',
        }))
        for (let turn = 0; turn <= spec.length; turn++) {
          const { steps: changed, ended } = progressOf(steps, null)
          steps = steps.map((step) => ({ ...step, status: changed.get(step.name) ?? step.status }))
          if (ended) return steps.every(({ status }) => hasEnded(status))
          expect(steps.some(({ status }) => status === 'queued')).toBe(true)
          steps = steps.map((step, index) =>
            step.status === 'queued' ? { ...step, status: spec[index]!.fails ? 'failed' : 'success' } : step,
          )
        }
        return false
      }),
    )
  })
})
