import { describe, expect, it } from 'vitest'
import { problemsOf } from './temp-project.ts'

const problems = async (yaml: string) =>
  (await problemsOf({ 'models/m.sql': 'select 1 as id', 'models/y.yml': yaml })).join('\n')

describe('what dbt refuses in YAML about nodes', () => {
  it.each([
    ['exposures: [{name: e, type: dashboard, owner: {}}]', "'owner' must have a name or an email"],
    [
      'exposures: [{name: e, type: dashboard, maturity: old, owner: {name: a}}]',
      "'maturity' must be 'low', 'medium' or 'high', not the text 'old'",
    ],
    ['groups: [{name: g, owner: {slack: a}}]', "'owner' must have a name or an email"],
    [
      'models: [{name: m, latest_version: 3, versions: [{v: 1}, {v: 2}]}]',
      "'latest_version' is 3, and the versions are 1 and 2",
    ],
    ['models: [{name: m, versions: [{v: 1}, {v: "1"}]}]', "version '1' stands there twice"],
    [
      'unit_tests: [{name: u, model: m, expect: {rows: []}, versions: {include: [1], exclude: [2]}}]',
      "'versions' has either 'include' or 'exclude', not both",
    ],
    ['models: [{name: m, deprecation_date: soon}]', "'deprecation_date' must be a date, such as 2026-01-31"],
    [
      'models: [{name: m, time_spine: {standard_granularity_column: day}, columns: [{name: id, granularity: day}]}]',
      "'standard_granularity_column' is 'day', which is no column here",
    ],
    [
      'models: [{name: m, time_spine: {standard_granularity_column: id}, columns: [{name: id}]}]',
      "column 'id' is that of the time spine and needs a 'granularity'",
    ],
    [
      'models: [{name: m, time_spine: {standard_granularity_column: id, custom_granularities: [{name: fiscal}]}, columns: [{name: id, granularity: day}]}]',
      "custom granularity 'fiscal' names the column 'fiscal', which is no column here",
    ],
    ['models: [{name: m, semantic_model: {nme: x}}]', "unknown key 'nme' in 'semantic_model'"],
    [
      'models: [{name: m, semantic_model: often}]',
      "'semantic_model' must be true or false, not the text 'often'",
    ],
    [
      'models: [{name: m, semantic_model: true, columns: [{name: id, entity: main}]}]',
      "'entity' must be 'foreign', 'natural', 'primary' or 'unique', not the text 'main'",
    ],
    [
      'models: [{name: m, semantic_model: true, columns: [{name: at, dimension: time}]}]',
      "column 'at' is a time dimension and needs a 'granularity'",
    ],
    [
      'models: [{name: m, columns: [{name: at, dimension: {type: categorical, validity_params: {is_end: true}}}]}]',
      "column 'at' is a dimension with 'validity_params' and needs a 'granularity'",
    ],
    ['models: [{name: m, derived_semantics: {dimensions: [{name: d, type: time}]}}]', "'expr' is missing"],
    [
      'models: [{name: m, semantic_model: true, metrics: [{name: n, type: simple, expr: id}]}]',
      "a simple metric needs 'agg'",
    ],
    [
      'models: [{name: m, semantic_model: true, metrics: [{name: n, agg: add}]}]',
      "'agg' must be 'sum', 'min', 'max'",
    ],
    ['metrics: [{name: n, type: ratio, numerator: a}]', "a ratio metric needs 'denominator'"],
    ['metrics: [{name: n, type: simple, agg: sum}]', "the simple metric 'n' measures no model"],
    [
      'metrics: [{name: n, type: cumulative, input_metric: a, window: long}]',
      "'window' must be a number and what it counts, such as '28 days'",
    ],
    ['metrics: [{name: 1n, type: ratio, numerator: a, denominator: b}]', "'name' starts with a letter"],
    ['metrics: [{name: n, type: ratio, numerators: a, denominator: b}]', "did you mean 'numerator'?"],
  ])('%s', async (yaml, message) => {
    expect(await problems(yaml)).toContain(message)
  })

  it('leaves alone what is fine', async () => {
    const yaml = `
models:
  - name: m
    deprecation_date: 2030-01-01
    latest_version: "2"
    versions: [{ v: 1 }, { v: 2, defined_in: m }]
  - name: spine
    time_spine:
      standard_granularity_column: day
      custom_granularities: [{ name: fiscal, column_name: fiscal_year }]
    columns: [{ name: day, granularity: day }, { name: fiscal_year }]
exposures: [{ name: e, type: dashboard, maturity: high, owner: { email: [a@b.c] } }]
groups: [{ name: g, owner: { name: Ann, slack: ann } }]
`
    expect(await problems(yaml)).toBe('')
  })
})
