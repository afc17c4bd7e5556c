import { describe, expect, it } from 'vitest'
import { problemsOf, projectOf } from './temp-project.ts'

const questions = {
  discontinuity: [
    'kind: discontinuity',
    'units: { model: scores }',
    'running: score',
    'cutoff: 60',
    'treatment: grant',
    'outcome: income',
    'as_of: 2026-06-01',
  ],
  interrupted_series: [
    'kind: interrupted_series',
    'series: { model: days, time: day }',
    'treatment: new prices',
    'changed_at: 2026-03-01',
    'outcome: sales',
    'as_of: 2026-06-01',
  ],
}
type Kind = keyof typeof questions

/** The question with lines replaced by their key, or added at its end. */
function question(kind: Kind, ...changes: readonly string[]): Record<string, string> {
  const lines = [...questions[kind]]
  for (const change of changes) {
    const key = change.slice(0, change.indexOf(':') + 1)
    const at = lines.findIndex((line) => line.startsWith(key))
    if (at < 0) lines.push(change)
    else lines[at] = change
  }
  return { 'analytics/a.yml': `${lines.join('\n')}\n` }
}

describe('questions without a graph', () => {
  it.each<[Kind, string, string, string, string]>([
    ['discontinuity', 'cutof: 60', '8:1', "unknown key 'cutof'", "did you mean 'cutoff'?"],
    [
      'discontinuity',
      'units: { modl: scores }',
      '2:10',
      "unknown key 'modl' in 'units'",
      "did you mean 'model'?",
    ],
    ['discontinuity', 'cutoff: sixty', '4:9', "'cutoff' must be a number, not the text 'sixty'", ''],
    [
      'discontinuity',
      'treated: over',
      '8:10',
      "'treated' must be 'above' or 'below', not the text 'over'",
      '',
    ],
    ['discontinuity', 'kernel: triangula', '8:9', '', "did you mean 'triangular'?"],
    ['discontinuity', 'bandwidth: 0', '8:12', "'bandwidth' must be", ''],
    [
      'discontinuity',
      'covariates: [age, score]',
      '8:19',
      "'score' is the column of the running variable",
      '',
    ],
    ['discontinuity', 'covariates: [income]', '8:14', "'income' is the column of the outcome 'income'", ''],
    ['interrupted_series', 'seres: 1', '7:1', "unknown key 'seres'", "did you mean 'series'?"],
    [
      'interrupted_series',
      'series: { model: days, tim: day }',
      '2:24',
      "unknown key 'tim' in 'series'",
      "did you mean 'time'?",
    ],
    [
      'interrupted_series',
      'changed_at: in March',
      '4:13',
      "'changed_at' must be a number, a date",
      "write changed_at: '2026-03-01'",
    ],
    ['interrupted_series', 'lags: -1', '7:7', "'lags' must be", ''],
    ['interrupted_series', 'covariates: [day]', '7:14', "'day' is the column of the time", ''],
    ['interrupted_series', 'covariates: [sales]', '7:14', "'sales' is the column of the outcome 'sales'", ''],
    ['interrupted_series', 'alpha: 0.1\nci_level: 0.9', '7:8', "'alpha' and 'ci_level' say the same", ''],
  ])('%s, %s: is refused where it stands', async (kind, change, place, message, hint) => {
    const problems = await problemsOf(question(kind, change))
    const wrong = problems.filter((problem) => problem.startsWith(`analytics/a.yml:${place}  `))
    expect(wrong, problems.join('\n')).toHaveLength(1)
    expect(wrong[0]).toContain(message)
    expect(wrong[0]).toContain(hint)
  })

  it('know where each column stands', async () => {
    const placesOf = async (files: Record<string, string>) => {
      const { jobs } = await projectOf(files)
      return jobs[0]!.columnReads.map(({ ref, column, place }) => [
        `${ref}.${column}`,
        `${place.line}:${place.column}`,
      ])
    }
    const cut = question(
      'discontinuity',
      'units: { model: scores, where: [open] }',
      'treatment: { name: grant, column: taken }',
      'outcome: { name: later, column: income }',
    )
    expect(await placesOf(cut)).toEqual([
      ['scores.score', '3:10'],
      ['scores.taken', '5:35'],
      ['scores.income', '6:33'],
      ['scores.open', '2:33'],
    ])
    expect(await placesOf(question('interrupted_series', 'covariates: [weather]'))).toEqual([
      ['days.day', '2:30'],
      ['days.sales', '5:10'],
      ['days.weather', '7:14'],
    ])
  })
})
