import { describe, expect, it } from 'vitest'
import type { DidSpec } from '../../src/core/did-spec.ts'
import { problemsOf, projectOf } from './temp-project.ts'

const panel = 'panel: { model: weeks, unit: shop, time: week }'
const base = ['kind: did', panel, 'treatment: began', 'outcome: sales', 'as_of: 2026-06-01']

/** The question with lines replaced by their key, or added at its end. */
function question(...changes: readonly string[]): Record<string, string> {
  const lines = [...base]
  for (const change of changes) {
    const key = change.slice(0, change.indexOf(':') + 1)
    const at = lines.findIndex((line) => line.startsWith(key))
    if (at < 0) lines.push(change)
    else lines[at] = change
  }
  return { 'analytics/a.yml': `${lines.join('\n')}\n` }
}

/** What is wrong: the first line of each problem, and its last one, the hint. */
async function told(...changes: readonly string[]): Promise<(readonly [string, string])[]> {
  const problems = await problemsOf(question(...changes))
  return problems.map((problem) => {
    const lines = problem.split('\n')
    return [lines[0]!.replace(/ +\[yaml-.*\]$/, ''), lines.at(-1)!.trim()] as const
  })
}

const methodsOf = async (...changes: readonly string[]): Promise<string[]> => {
  const { jobs } = await projectOf(question(...changes))
  return (jobs[0]!.spec as DidSpec).estimators.map(({ method }) => method)
}

describe('a difference in differences', () => {
  it.each([
    [
      'panel: { model: weeks, unit: shop, tme: week }',
      '2:36',
      "unknown key 'tme' in 'panel'",
      "did you mean 'time'?",
    ],
    ['covariate: [size]', '6:1', "unknown key 'covariate'", "did you mean 'covariates'?"],
    ['anticipation: two', '6:15', "'anticipation' must be a number, not the text 'two'", ''],
    ['estimators: [twfe, callaway_santana]', '6:20', '', "did you mean 'callaway_santanna'?"],
    ['aggregations: [simple, evnt]', '6:24', '', "did you mean 'event'?"],
    [
      'treatment: { first_treated: began, status: on_now }',
      '3:12',
      "'treatment' says it twice: first_treated and status",
      '',
    ],
    ['treatment: { first_treated: began, group: country }', '3:43', "'group' belongs to a rollout", ''],
    ['treatment: { name: offer }', '3:12', "'treatment' does not say when units were first treated", ''],
    ['refuters: [placebo_dates, placebo_dates]', '6:27', "refuter 'placebo_dates' is named twice", ''],
    ['covariates: [size, week]', '6:20', "'week' is the column of the time", ''],
    ['scale: relative\nestimators: [twfe]', '6:8', 'a share of what would have been', ''],
  ])('%s: is refused where it stands', async (change, place, message, hint) => {
    const problems = await told(change)
    const wrong = problems.filter(([line]) => line.startsWith(`analytics/a.yml:${place}  `))
    expect(wrong, JSON.stringify(problems)).toHaveLength(1)
    expect(wrong[0]![0]).toContain(message)
    expect(wrong[0]![1]).toContain(hint)
  })

  it('without an outcome says what to write', async () => {
    const files = { 'analytics/a.yml': `${base.filter((line) => !line.startsWith('outcome')).join('\n')}\n` }
    const [problem] = await problemsOf(files)
    expect(problem).toContain("analytics/a.yml:1:1  'outcome' is missing")
    expect(problem).toContain('write outcome: <column of what may have been changed>')
  })

  it('refuses methods that do not know of anticipation, and leaves them out where nobody names any', async () => {
    for (const method of ['twfe', 'synthetic_control', 'synthetic_did']) {
      const problems = await told('anticipation: 2', `estimators: [two_by_two, ${method}]`)
      expect(problems).toEqual([
        [
          `analytics/a.yml:7:26  '${method}' takes every period before treatment as untouched, and there is 'anticipation'`,
          'leave it out: two_by_two and callaway_santanna know of anticipation',
        ],
      ])
    }
    expect(await methodsOf()).toEqual(['two_by_two', 'twfe', 'callaway_santanna'])
    expect(await methodsOf('anticipation: 2')).toEqual(['two_by_two', 'callaway_santanna'])
  })

  it('refuses what only group-time effects would listen to', async () => {
    const without = 'estimators: [two_by_two]'
    for (const [line, place] of [
      ['covariates: [size]', '7:13'],
      ['aggregations: [event]', '7:15'],
      ['errors: bootstrap', '7:9'],
    ] as const) {
      const key = line.slice(0, line.indexOf(':'))
      expect(await told(without, line)).toEqual([
        [
          `analytics/a.yml:${place}  '${key}' is for callaway_santanna only`,
          'name it among the estimators, or leave it out',
        ],
      ])
      expect(await problemsOf(question(line))).toEqual([])
    }
  })

  it('knows where each column stands', async () => {
    const { jobs } = await projectOf({
      ...question(
        `panel:
  model: weeks
  unit: shop
  time: week
  where: [open, { column: country, values: [DE] }]`,
        `treatment:
  group: region
  rollout: { model: rollouts, group: area, date: started, where: { column: feature, values: [offer] } }`,
        'outcome: { name: takings, column: sales }',
        'covariates: [size]',
      ),
    })
    const places = jobs[0]!.columnReads.map(({ ref, column, place }) => [
      `${ref}.${column}`,
      `${place.line}:${place.column}`,
    ])
    expect(places).toEqual([
      ['weeks.shop', '4:9'],
      ['weeks.week', '5:9'],
      ['weeks.open', '6:11'],
      ['weeks.country', '6:27'],
      ['weeks.region', '8:10'],
      ['rollouts.area', '9:38'],
      ['rollouts.started', '9:50'],
      ['rollouts.feature', '9:66'],
      ['weeks.sales', '10:35'],
      ['weeks.size', '12:14'],
    ])
  })
})
