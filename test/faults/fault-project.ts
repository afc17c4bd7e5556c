import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import type { Files } from '../project/temp-project.ts'

/*
 * A project with one relation of every kind. Whatever a run writes carries the run's number, so that what stands in
 * the database is a function of the numbers of the runs that were published.
 */

export const schema = 'analytics'

/** Events lie in years gone by, so that the batches of a run do not hang on the day of the test. */
const thisYear = new Date().getUTCFullYear()
const firstYear = thisYear - 3

/** One event in each; the last is in the batches that every run builds again. */
const eventYears = [firstYear, firstYear + 1, thisYear - 1]

const projectFile = `
name: faults
version: '1.0'
target: test
targets:
  test: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}", schema: ${schema}, threads: 3 }
`

/** Reads its neighbour, so that a half-built graph shows. */
const totals = `
{{ config(materialized='table') }}
select
  {{ var('run') }} as run_number,
  '{{ invocation_id }}' as run_id,
  count(*)::int as items,
  max(run_number) as seed_number
from {{ ref('stg_numbers') }}
`

const models: Files = {
  'models/stg_numbers.sql': "select run_number, item from {{ ref('numbers') }}\n",
  'models/totals.sql': totals,
  'models/items.sql': `
{{ config(materialized='table', indexes=[{'columns': ['item'], 'unique': true}]) }}
select numbers.item, numbers.run_number, totals.run_id
from {{ ref('stg_numbers') }} as numbers
cross join {{ ref('totals') }} as totals
`,
  'models/report.sql': `
select {{ var('run') }} as code_number, run_number, run_id from {{ ref('totals') }}
`,
  'models/filled.sql': `
{{ config(materialized='materialized_view') }}
select item, run_number from {{ ref('items') }}
`,
  'models/slots.sql': `
{{ config(materialized='incremental', unique_key='slot') }}
select run_number % 3 as slot, run_number from {{ ref('totals') }}
`,
  'models/log.sql': `
{{ config(materialized='incremental') }}
select run_number from {{ ref('totals') }}
`,
  'models/years.sql': `
{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='at',
  begin='${firstYear}-01-01', batch_size='year') }}
select id, at, {{ var('run') }} as run_number from {{ ref('events') }}
`,
  'models/spans.sql': `
{{ config(materialized='incremental', incremental_strategy='time_range', event_time='day', begin='${firstYear}-01-01',
  time_grain='year') }}
select (at at time zone 'UTC')::date as day, {{ var('run') }} as run_number from {{ ref('events') }}
`,
  'models/players.sql': `
{{ config(materialized='table') }}
select
  player,
  case when player % 2 = 0 then 'old' else 'new' end as arm,
  player / 2 % 5 + case when player % 2 = 0 then 0 else {{ var('run') }} end as score
from generate_series(1, 200) as player
`,
  'models/models.yml': `
models:
  - name: items
    columns: [{ name: item, tests: [unique, not_null] }]
  - name: totals
    columns: [{ name: run_number, tests: [not_null] }]
seeds:
  - name: events
    config: { event_time: at, column_types: { at: timestamptz } }
`,
}

const files: Files = {
  'project.yml': projectFile,
  ...models,
  'seeds/events.csv': `id,at\n${eventYears.map((year, index) => `${index + 1},${year}-03-01 00:00:00Z\n`).join('')}`,
  'snapshots/item_history.sql': `
{% snapshot item_history %}
{{ config(strategy='check', unique_key='item', check_cols=['run_number']) }}
select item, run_number from {{ ref('items') }}
{% endsnapshot %}
`,
  'analytics/score.yml': `
kind: experiment
question: Does the new way raise the score?
units: { model: players, unit: player, arm: arm }
control: old
treatments: [new]
metrics: [{ name: score, kind: mean, column: score, description: Points }]
methods: [difference_in_means]
as_of: '2026-01-01'
`,
  // Comes after everything else and fails when the run is told so.
  'tests/agrees.sql': `
select totals.run_number
from {{ ref('totals') }} as totals
join {{ ref('report') }} as report using (run_number)
join {{ ref('filled') }} as filled using (run_number)
join {{ ref('slots') }} as slots using (run_number)
join {{ ref('log') }} as log using (run_number)
where {{ var('fail', false) }}
  or not exists (select from {{ ref('item_history') }} as history where history.run_number = totals.run_number)
`,
}

/** The relations that runs publish, but for what an experiment writes beside its estimates: `furtherTables`. */
export const relations = [
  'numbers',
  'events',
  'stg_numbers',
  'totals',
  'items',
  'report',
  'filled',
  'slots',
  'log',
  'years',
  'spans',
  'players',
  'item_history',
  'score',
] as const

/** Tables of the job besides its main one, as a pattern of LIKE; whatever they are, they are published with it. */
export const furtherTables = 'score\\_\\_%'

export interface FaultProject {
  readonly root: string
  /** Makes the seed that of a run: as the number, seeds change from run to run. */
  readonly setRun: (run: number) => void
}

/** Folders with these files each, removed after the tests of a file. */
export function useFolders(): (files: Files) => string {
  const roots: string[] = []
  afterAll(() => {
    for (const root of roots) rmSync(root, { recursive: true, force: true })
  })
  return (files) => {
    const root = mkdtempSync(join(tmpdir(), 'estimand-faults-'))
    roots.push(root)
    mkdirSync(join(root, 'seeds'))
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content)
    }
    return root
  }
}

/** Folders with a project each. */
export function useFaultProjects(): (more?: Files) => FaultProject {
  const folders = useFolders()
  return (more = {}) => {
    const root = folders({ ...files, ...more })
    return {
      root,
      setRun: (run) =>
        writeFileSync(
          join(root, 'seeds', 'numbers.csv'),
          `run_number,item\n${[1, 2, 3].map((item) => `${run},${item}\n`).join('')}`,
        ),
    }
  }
}
