import { describe, expect, it } from 'vitest'
import type { DriftSpec } from '../../src/core/drift-spec.ts'
import { problemsOf, projectOf } from './temp-project.ts'

const project = (...lines: readonly string[]): Record<string, string> => ({
  'analytics/watch.yml': [
    'kind: drift',
    'rows: { model: sessions, day: day }',
    'as_of: 2026-06-01',
    ...lines,
    '',
  ].join('\n'),
})

const specOf = async (...lines: readonly string[]) => {
  const { jobs } = await projectOf(project(...lines))
  return jobs[0]! as (typeof jobs)[number] & { readonly spec: DriftSpec }
}

const messages = async (...lines: readonly string[]): Promise<string[]> =>
  (await problemsOf(project(...lines))).map((problem) => problem.split('\n')[0]!)

describe('a drift job', () => {
  it('is read with what is usual where nothing is said', async () => {
    const { spec, refs, columnReads } = await specOf('watch: [device, seconds]', 'segments: country')
    expect(spec).toEqual({
      kind: 'drift',
      question: '',
      data: { ref: 'sessions', day: 'day', where: [] },
      columns: ['device', 'seconds'].map((column) => ({
        column,
        bins: 10,
        top: 20,
        thresholds: {
          psi: { warn: 0.1, fail: 0.25 },
          mean_shift: { warn: 0.2, fail: 0.5 },
          missing_shift: { warn: 0.05, fail: 0.2 },
        },
      })),
      segments: ['country'],
      reference: { kind: 'trailing', days: 56 },
      windows: [1, 7],
      leastRows: 100,
      multiplicity: 'holm',
      alpha: 0.05,
      onFail: 'warn',
      asOf: '2026-06-01',
    })
    expect(refs.map(({ name }) => name)).toEqual(['sessions'])
    expect(columnReads.map(({ column }) => column)).toEqual(['day', 'device', 'seconds', 'country'])
  })

  it('takes thresholds for all columns and for one, and away', async () => {
    const { spec } = await specOf(
      'watch: [{ column: a, bins: 5, thresholds: { psi: off, ks: 0.1 } }, b]',
      'thresholds: { psi: { warn: 0.05 }, mean_shift: off }',
      'windows: [28, 7]',
      'reference: { days: 112 }',
    )
    const missing_shift = { warn: 0.05, fail: 0.2 }
    expect(spec.columns).toMatchObject([
      { bins: 5, thresholds: { psi: {}, mean_shift: {}, missing_shift, ks: { warn: 0.1 } } },
      { bins: 10, thresholds: { psi: { warn: 0.05 }, mean_shift: {}, missing_shift } },
    ])
    expect(spec.columns[0]!.thresholds.psi).toEqual({})
    expect(spec.windows).toEqual([7, 28])
  })

  it('tells everything that is wrong, with its place', async () => {
    expect(
      await messages(
        'watch: [a, a, { column: b, thresholds: { psi: { warn: 0.3, fail: 0.1 } } }]',
        'windows: [7, 28]',
        'reference: { end: 2026-05-01 }',
      ),
    ).toEqual([
      "analytics/watch.yml:4:12  column 'a' is named twice   [yaml-invalid]",
      "analytics/watch.yml:4:47  'psi' fails below where it warns   [yaml-invalid]",
      "analytics/watch.yml:6:12  'reference' has no start   [yaml-invalid]",
    ])
    expect(await messages('watch: [a]', 'windows: 28')).toEqual([
      'analytics/watch.yml:5:10  56 days hold fewer than four windows of 28 days on the same weekdays   [yaml-invalid]',
    ])
    expect(await messages('watch: [a]', 'reference: { start: 2026-05-01, end: 2026-04-01 }')).toEqual([
      'analytics/watch.yml:5:38  the reference ends before it begins   [yaml-invalid]',
    ])
    const [unknown] = await problemsOf(project('watch: [a]', 'threshholds: { psi: 0.2 }'))
    expect(unknown).toMatch(/'threshholds'[\s\S]*did you mean 'thresholds'/)
  })
})
