import { describe, expect, it } from 'vitest'
import type { CausalSpec } from '../../src/core/causal-spec.ts'
import { problemsOf, projectOf } from './temp-project.ts'

const question = `kind: causal
question: Does it make people spend more?
units: { model: users, unit: user_id }
treatment: used
outcome: spend
graph:
  - age -> used, spend
  - sessions -> used
  - sessions -> spend
  - country -> spend
  - invited -> used -> spend
as_of: 2026-06-01
`

/** The question with lines replaced by their key, or added. */
function project(...changes: readonly string[]): Record<string, string> {
  const parts = new Map(
    question
      .split(/^(?=\w)/m)
      .filter((part) => part !== '')
      .map((part) => [part.slice(0, part.indexOf(':')), part]),
  )
  for (const change of changes) {
    const key = change.slice(0, change.indexOf(':'))
    if (change.endsWith(': -')) parts.delete(key)
    else parts.set(key, `${change}\n`)
  }
  return { 'analytics/feature.yml': [...parts.values()].join('') }
}

const messages = async (files: Record<string, string>): Promise<string[]> =>
  (await problemsOf(files)).map((problem) => problem.split('\n')[0]!)

const specOf = async (...changes: readonly string[]) => {
  const { jobs } = await projectOf(project(...changes))
  return jobs[0]! as (typeof jobs)[number] & { readonly spec: CausalSpec }
}

describe('a causal question', () => {
  it('is read with what is usual where nothing is said', async () => {
    const { spec, columnReads, refs } = await specOf()
    expect(spec).toMatchObject({
      kind: 'causal',
      data: { ref: 'users', unit: 'user_id', where: [] },
      treatment: { node: 'used', column: 'used', kind: 'binary' },
      outcomes: [{ name: 'spend', column: 'spend' }],
      estimands: ['ate'],
      missing: 'refuse',
      ciLevel: 0.95,
      overlap: { extreme: 0.01, trim: 'optimal' },
    })
    expect(spec.graph.edges).toHaveLength(7)
    expect(spec.graph.edges).toContainEqual({ from: 'invited', to: 'used' })
    expect(spec.estimators.map(({ method }) => method)).toEqual([
      'naive_difference',
      'regression_adjustment',
      'propensity_matching',
      'ipw',
      'aipw',
      'two_stage_least_squares',
    ])
    expect(refs.map(({ name }) => name)).toEqual(['users'])
    expect(columnReads.map(({ column, place }) => `${column} ${place.line}`)).toEqual([
      'user_id 3',
      'used 4',
      'spend 5',
      'age 7',
      'sessions 8',
      'country 10',
      'invited 11',
    ])
  })

  it('takes the same graph as DOT, with what is not observed', async () => {
    const { spec } = await specOf(
      `graph:
  dot: |
    digraph g {
      node [shape=box];
      age -> {used spend}; sessions -> used -> spend; sessions -> spend; // both ways
      "country" -> spend; U [latent]; U -> age
    }`,
    )
    expect(spec.graph.unobserved).toEqual(['U'])
    expect(spec.graph.edges).toEqual([
      { from: 'age', to: 'used' },
      { from: 'age', to: 'spend' },
      { from: 'sessions', to: 'used' },
      { from: 'used', to: 'spend' },
      { from: 'sessions', to: 'spend' },
      { from: 'country', to: 'spend' },
      { from: 'U', to: 'age' },
    ])
  })

  it('takes covariates for common causes where nobody drew a graph', async () => {
    const { spec } = await specOf('graph: -', 'covariates: [age, sessions]')
    expect(spec.graph.isAssumed).toBe(true)
    expect(spec.graph.edges).toContainEqual({ from: 'age', to: 'used' })
    expect(spec.graph.edges).toContainEqual({ from: 'sessions', to: 'spend' })
  })

  it('says when the graph does not let data tell, with the path that stays open', async () => {
    expect(await messages(project('graph: [used -> spend, used <-> spend, age -> spend]'))).toEqual([
      "analytics/feature.yml:6:8  the effect of 'used' on 'spend' cannot be told from such data: not identifiable: the path used <- unobserved_used_spend -> spend stays open whatever observed variables are adjusted for (unobserved_used_spend not observed), no mediators meet the frontdoor criterion, and nothing serves as an instrument   [not-identifiable]",
    ])
    expect(await messages(project('adjust_for: [age]'))).toEqual([
      "analytics/feature.yml:13:13  adjusting for 'age' does not give the effect on 'spend': the path used <- sessions -> spend stays open, adjusting for age   [not-identifiable]",
    ])
    expect(
      await messages(project('graph: [z -> used -> spend, used <-> spend]', 'estimators: [wald, ipw]')),
    ).toEqual([
      "analytics/feature.yml:8:20  'ipw' cannot give the effect on 'spend': the path used <- unobserved_used_spend -> spend stays open, whatever observed variables are adjusted for   [not-identifiable]",
    ])
  })

  it('checks the graph', async () => {
    const first = async (graph: string): Promise<string> =>
      (await messages(project(`graph: ${graph}`)))[0]!.replace(/^.*? {2}| {3}\[[a-z-]+\]$/g, '')
    expect(await first('[age -> used, used -> spend, spend -> age]')).toBe(
      'the graph goes in a circle: age -> used -> spend -> age',
    )
    expect(await first('[age -> used, used -> spnd]')).toBe("the graph does not have the outcome 'spend'")
    expect(await first('[used spend]')).toBe("'used spend' is no edge: it has no arrow")
    expect(await first('[used ->]')).toBe("'used ->' is no edge: a name is missing")
    expect(await first('{ edges: [used -> spend], unobserved: [tase] }')).toBe(
      "'tase' is said to be unobserved, and no edge has it",
    )
    expect(await first('{ dot: "digraph { used -- spend }" }')).toBe(
      "'digraph { used -- spend }' is no edge: 'used --' has no direction: write ->",
    )
  })

  it('refuses what is not understood, with a hint', async () => {
    const problem = async (...changes: readonly string[]): Promise<string> =>
      (await problemsOf(project(...changes))).join('\n')
    expect(await problem('estimater: ipw')).toMatch(/unknown key 'estimater'[\s\S]*did you mean 'estimators'/)
    expect(await problem('estimators: [ipv]')).toMatch(/did you mean 'ipw'/)
    expect(await problem('refuters: [placebo]')).toMatch(/'refuter' must be/)
    expect(await problem('estimators: [ipw, { method: ipw, form: horvitz_thompson }]')).toMatch(
      /estimator 'ipw' is named twice[\s\S]*name: ipw_ht/,
    )
    expect(await problem('treatment: { column: plan, treated: pro }')).toMatch(/not what the others do/)
    expect(await problem('covariates: [age]')).toMatch(/say the same in two ways/)
    expect(await problem('graph: -')).toMatch(/'graph' is missing/)
    expect(await problem('outcome: -')).toMatch(/'outcome' is missing/)
    expect(await problem('variables: { sesions: { kind: categorical } }')).toMatch(/did you mean 'sessions'/)
    expect(await problem('treatment: { column: used, kind: continuous }', 'estimators: [ipw]')).toMatch(
      /needs a treatment that units have or have not/,
    )
    expect(await problem('overlap: { trim: [0.9, 0.1] }')).toMatch(/lower bound/)
  })
})
