import picocolors from 'picocolors'
import { describe, expect, test } from 'vitest'
import { driftList, driftPage, foundBesideTruthLines } from '../../../src/cli/display/drift-lines.ts'
import type { DriftStanding } from '../../../src/run/drift-standing.ts'

const colors = picocolors.createColors(false)
const all = { segmentName: null, segmentValue: null }
const finding = {
  ...all,
  columnName: 'device',
  windowDays: 7,
  windowStart: '2026-05-25',
  windowEnd: '2026-05-31',
  statistic: 'psi',
  value: 0.31,
  referenceValue: null,
  currentValue: null,
  pValue: 1e-7,
  pValueAdjusted: 1e-6,
  warnAt: 0.1,
  failAt: 0.25,
  verdict: 'fail',
  reason: null,
  nReference: 4000,
  nCurrent: 700,
}
const change = {
  ...all,
  columnName: 'device',
  series: 'share' as const,
  category: 'tv',
  changedOn: '2026-05-13',
  before: 0.05,
  after: 0.2,
  pValueAdjusted: 1e-9,
}
const standing: DriftStanding = {
  name: 'sessions',
  question: 'Is it what it was?',
  relation: 'analytics.sessions',
  asOf: '2026-06-01T00:00:00Z',
  runId: 'a',
  findings: [
    finding,
    { ...finding, columnName: 'seconds', statistic: 'mean_shift', value: 0.01, verdict: 'ok' },
  ],
  distributions: ['phone', 'tv'].map((label, index) => ({
    ...all,
    columnName: 'device',
    windowDays: 7,
    label,
    referenceShare: [0.95, 0.05][index]!,
    currentShare: [0.8, 0.2][index]!,
  })),
  changes: [change],
  truth: [
    { ...all, columnName: 'device', category: 'tv', changedOn: '2026-05-12', description: 'an app' },
    { ...all, columnName: 'channel', category: 'x', changedOn: '2026-05-12', description: 'nobody saw it' },
  ],
}

describe('drift for people', () => {
  test('a line for each job', () => {
    const [, line] = driftList([standing], colors)
    expect(line).toMatch(
      /sessions +2026-06-01 +1 fail, 1 ok +device, last 7 days: stability index 0.31 +2026-05-13$/,
    )
    expect(driftList([{ ...standing, asOf: null }], colors)[1]).toMatch(/never/)
    expect(driftList([], colors)).toEqual([
      'There is no drift job: declare one below analytics/ with kind: drift.',
    ])
  })

  test('a page with what drifted, since when, and both distributions', () => {
    const page = driftPage(standing, false, colors).join('\n')
    expect(page).toMatch(/device +last 7 days +stability index +0.31 +<0.0001 +fail/)
    expect(page).not.toMatch(/seconds/)
    expect(page).toMatch(/2026-05-13 +device +the share of tv went from 5.0 % to 20.0 % +2026-05-12/)
    expect(page).toMatch(/tv +5.0 % +20.0 % +─│─+●/)
    expect(driftPage(standing, true, colors).join('\n')).toMatch(/seconds/)
    expect(driftPage({ ...standing, asOf: null }, false, colors).at(-1)).toMatch(
      /estimand build --select \+sessions/,
    )
  })

  test('what could not be judged is not called calm', () => {
    const refused = { ...finding, verdict: 'refused', value: null, reason: 'the window has 3 rows' }
    const page = driftPage({ ...standing, findings: [refused, refused] }, false, colors).join('\n')
    expect(page).toMatch(/Nothing could be judged\.\n2 not judged: the window has 3 rows/)
    const calm = driftPage({ ...standing, findings: [{ ...finding, verdict: 'ok' }] }, false, colors)
    expect(calm.join('\n')).toMatch(/Nothing drifted\./)
  })

  test('what was found beside the day on which it was made', () => {
    const lines = foundBesideTruthLines([standing], colors).join('\n')
    expect(lines).toMatch(/device, tv +the share of tv .* 2026-05-13 +2026-05-12 +1 day after/)
    expect(lines).toMatch(/channel, x +2026-05-12 +not found/)
    expect(foundBesideTruthLines([{ ...standing, truth: [] }], colors)).toEqual([])
  })
})
