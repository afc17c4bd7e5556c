import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Dag } from '../../src/core/dag.ts'
import { formatProblem } from '../../src/core/problem.ts'
import { type DagReading, readDags } from '../../src/project/read-dags.ts'
import { readProject } from '../../src/project/read-project.ts'
import { type Files, withProject } from './temp-project.ts'

const config = {
  paths: { dags: ['dags'] } as never,
  pools: { heavy: 1 },
  targets: { local: { engine: 'embedded', schema: 'a', threads: 1 } },
} as const

const reading = (files: Files): Promise<DagReading> =>
  withProject(files, async (root) => readDags(root, config))

async function dagOf(text: string): Promise<Dag> {
  const { dags, problems } = await reading({ 'dags/nightly.yml': text })
  expect(problems.map(formatProblem)).toEqual([])
  return dags[0]!
}

async function problemsOf(text: string): Promise<string[]> {
  const { dags, problems, broken } = await reading({ 'dags/nightly.yml': text })
  expect(dags).toEqual([])
  expect(broken).toEqual(['nightly'])
  return problems.map(formatProblem)
}

const firstLines = (problems: readonly string[]) => problems.map((text) => text.split('\n')[0])

describe('a DAG file', () => {
  it('needs no more than what it selects', async () => {
    const dag = await dagOf('select: tag:nightly\nexclude: [slow]\n')
    expect(dag).toMatchObject({
      name: 'nightly',
      file: 'dags/nightly.yml',
      schedule: null,
      triggers: { afterDags: [], newData: [], webhook: null },
      dependsOn: [],
      catchup: 'latest',
      maxActiveRuns: 1,
      startDate: null,
      endDate: null,
      timeoutSeconds: null,
      slaSeconds: null,
      isPausedAtFirst: false,
    })
    expect(dag.steps).toMatchObject([
      { kind: 'build', name: 'build', select: ['tag:nightly'], exclude: ['slow'], needs: [] },
    ])
  })

  it('says when, what, how often again and whom to tell', async () => {
    const dag = await dagOf(`
name: every_night
description: All of it
owners: [data@example.org, ann]
tags: nightly
schedule: { cron: "@daily", timezone: Europe/Berlin }
start_date: 2026-02-01
end_date: 2026-03-31
catchup: true
max_active_runs: 3
depends_on_past: true
retries: 2
retry_delay: 5m
retry_backoff: 2
max_retry_delay: 1h
timeout: 30m
deadline: 3h
sla: 2h
paused: true
target: local
vars: { day: "{{ ds }}", n: 3 }
select: "*"
on_failure:
  - slack: "{{ env_var('SLACK_URL') }}"
    channel: "#data"
  - email: [a@example.org]
    from: estimand@example.org
on_success: { webhook: "https://example.org/done", headers: { Authorization: "Bearer {{ env_var('TOKEN') }}" } }
`)
    expect(dag).toMatchObject({
      name: 'every_night',
      description: 'All of it',
      owners: ['data@example.org', 'ann'],
      tags: ['nightly'],
      schedule: { cron: '0 0 * * *', timezone: 'Europe/Berlin' },
      // Midnight there; the last day is whole, and summer time has begun by then.
      startDate: '2026-01-31T23:00:00.000Z',
      endDate: '2026-03-31T22:00:00.000Z',
      catchup: 'all',
      maxActiveRuns: 3,
      dependsOnPast: true,
      retry: { retries: 2, delaySeconds: 300, backoff: 2, maxDelaySeconds: 3600 },
      timeoutSeconds: 10_800,
      slaSeconds: 7200,
      isPausedAtFirst: true,
      target: 'local',
      vars: { day: '{{ ds }}', n: 3 },
      notifications: {
        on_failure: [
          { kind: 'slack', url: "{{ env_var('SLACK_URL') }}", channel: '#data' },
          {
            kind: 'email',
            to: ['a@example.org'],
            from: 'estimand@example.org',
            smtp: "{{ env_var('SMTP_URL') }}",
          },
        ],
        on_success: [
          {
            kind: 'webhook',
            url: 'https://example.org/done',
            headers: { Authorization: "Bearer {{ env_var('TOKEN') }}" },
          },
        ],
        on_sla_miss: [],
      },
    })
    expect(dag.steps[0]!.timeoutSeconds).toBe(1800)
  })

  it('lists steps, each of which needs the one before unless it says otherwise', async () => {
    const { steps } = await dagOf(`
retries: 1
pool: heavy
steps:
  - load: product
  - source_freshness
  - name: marts
    build: [tag:a, tag:b]
    exclude: slow
    full_refresh: true
    retries: 4
  - { test: , needs: [load], fail_fast: true }
  - { name: again, build: daily, over_interval: true, needs: [] }
  - job: drift
  - { export: users, to: "out/{{ ds }}.csv" }
  - { operation: grant_all, args: { role: reader } }
  - { command: "pg_dump | gzip", env: { PGPASSWORD: "{{ env_var('P') }}" } }
  - { command: [node, a.mjs, "{{ next_ds }}"], when: failure, name: tell }
`)
    expect(steps.map(({ name, kind, needs }) => [name, kind, needs])).toEqual([
      ['load', 'load', []],
      ['source_freshness', 'source_freshness', ['load']],
      ['marts', 'build', ['source_freshness']],
      ['test', 'test', ['load']],
      ['again', 'build', []],
      ['job', 'job', ['again']],
      ['export', 'export', ['job']],
      ['operation', 'operation', ['export']],
      ['command', 'command', ['operation']],
      // One for failures looks at all of them, for the one just before is skipped when an earlier one fails.
      [
        'tell',
        'command',
        ['load', 'source_freshness', 'marts', 'test', 'again', 'job', 'export', 'operation', 'command'],
      ],
    ])
    expect(steps[2]).toMatchObject({
      select: ['tag:a', 'tag:b'],
      exclude: ['slow'],
      fullRefresh: true,
      retry: { retries: 4 },
      pool: 'heavy',
      place: { line: 8, column: 12 },
    })
    expect(steps[1]).toMatchObject({ select: [], retry: { retries: 1 } })
    expect(steps[4]).toMatchObject({ isOverInterval: true })
    expect(steps[6]).toMatchObject({ select: 'users', to: 'out/{{ ds }}.csv' })
    expect(steps[8]).toMatchObject({ argv: ['sh', '-c', 'pg_dump | gzip'] })
    expect(steps[9]).toMatchObject({ argv: ['node', 'a.mjs', '{{ next_ds }}'], when: 'failure' })
  })

  it('names what starts it besides the clock, and what it waits for', async () => {
    const { dags, problems } = await reading({
      'dags/a.yml': 'select: a',
      'dags/deep/b.yaml': `
select: b
depends_on: a
triggers:
  after: [{ dag: a, when: done }]
  new_data: [product.events]
  webhook: { token: "{{ env_var('B_TOKEN') }}" }
`,
    })
    expect(problems).toEqual([])
    expect(dags[1]).toMatchObject({
      name: 'b',
      dependsOn: [{ dag: 'a', on: 'success' }],
      triggers: {
        afterDags: [{ dag: 'a', on: 'done' }],
        newData: ['product.events'],
        webhook: { tokenEnv: 'B_TOKEN' },
      },
    })
  })
})

describe('the reference project', () => {
  it('has a night and an hour', async () => {
    const root = join(import.meta.dirname, '..', '..')
    const { config: own } = await readProject(root)
    const { dags, problems } = readDags(root, own)
    expect(problems.map(formatProblem)).toEqual([])
    expect(dags.map(({ name, schedule }) => [name, schedule?.cron])).toEqual([
      ['hourly', '15 * * * *'],
      ['nightly', '30 3 * * *'],
    ])
  })
})

describe('what is wrong with a DAG file', () => {
  it('is told of dependencies and triggers also where the outermost keys are wrong', async () => {
    const problems = await problemsOf(
      'select: x\ncatchup: lates\ndepends_on: [{ dag: a, when: never }]\ntriggers: { webhook: { token: plain } }\n',
    )
    expect(problems.map((text) => text.split('\n')[0])).toEqual([
      "dags/nightly.yml:2:10  'catchup' must be true or false or 'all' or 'latest' or 'none', not the text 'lates'   [yaml-invalid]",
      "dags/nightly.yml:3:30  'when' must be 'success' or 'done', not the text 'never'   [yaml-invalid]",
      "dags/nightly.yml:4:31  'token' must be {{ env_var('…') }}: secrets stand in no file   [yaml-invalid]",
    ])
    expect(problems[0]).toContain("did you mean 'latest'?")
  })

  it('is told all at once, each with line, column and hint', async () => {
    expect(
      await problemsOf(`schedule: "5/15 * * * *"
timezone: Europe/Berln
dagrun_timeout: 3h
retry_delay: 5x
steps:
  - buld: x
  - dbt run --select y
  - { build: x, load: y }
  - build: x
    retires: 3
on_failure: { slcak: x }
`),
    ).toEqual([
      `dags/nightly.yml:1:11  '5/15 * * * *' is no cron expression: '5/15' cannot stand for minutes (0-59)   [yaml-invalid]
  1 | schedule: "5/15 * * * *"
                ^
  from 5 on in steps of 15 is written 5-59/15`,
      `dags/nightly.yml:2:11  'Europe/Berln' is no time zone   [yaml-invalid]
  2 | timezone: Europe/Berln
                ^
  a name of the IANA database, such as Europe/Berlin or UTC`,
      `dags/nightly.yml:4:14  '5x' is no length of time   [yaml-invalid]
  4 | retry_delay: 5x
                   ^
  write seconds, or a number with its unit: 90s, 5m, 1h30m, 2d`,
      `dags/nightly.yml:3:1  unknown key 'dagrun_timeout'   [yaml-unknown-key]
  3 | dagrun_timeout: 3h
      ^
  here it is 'deadline', for a run as a whole`,
      `dags/nightly.yml:6:5  the step does not say what it does   [yaml-invalid]
  6 |   - buld: x
          ^
  did you mean 'build'?`,
      `dags/nightly.yml:7:5  'dbt run --select y' is no step   [yaml-invalid]
  7 |   - dbt run --select y
          ^
  write it as: run: y`,
      `dags/nightly.yml:8:5  the step is two at once: 'build' and 'load'   [yaml-invalid]
  8 |   - { build: x, load: y }
          ^
  a step has one of the keys load, build, run, test, seed, snapshot, job, source_freshness, export, operation, command`,
      `dags/nightly.yml:10:5  unknown key 'retires'   [yaml-unknown-key]
  10 |     retires: 3
           ^
  did you mean 'retries'?`,
      `dags/nightly.yml:11:13  it does not say whom to tell   [yaml-invalid]
  11 | on_failure: { slcak: x }
                   ^
  write one of 'slack', 'webhook' or 'email', as in '- slack: "{{ env_var('SLACK_WEBHOOK_URL') }}"'`,
    ])
  })

  it('is found between its parts', async () => {
    expect(
      firstLines(
        await problemsOf(`vars: { a: "{{ dss }}", b: "{{ env_var('X') }}", c: "{{ days }}" }
steps:
  - { build: x, pool: hevy, needs: [y], name: one }
  - { load: x, name: one }
target: locl
`),
      ),
    ).toEqual([
      'dags/nightly.yml:1:12  {{ dss }} is nothing that a run knows   [yaml-invalid]',
      "dags/nightly.yml:1:28  'b' may not hold {{ env_var(…) }}: it is written into logs and artifacts   [yaml-invalid]",
      'dags/nightly.yml:1:53  {{ days }} counts from start_date, which is not there   [yaml-invalid]',
      "dags/nightly.yml:5:9  there is no target 'locl'   [target-unknown]",
      "dags/nightly.yml:3:23  there is no pool 'hevy'   [yaml-invalid]",
      "dags/nightly.yml:3:36  there is no step 'y' before this one   [yaml-invalid]",
      "dags/nightly.yml:4:22  there is a step 'one' already   [yaml-invalid]",
    ])
    expect(firstLines(await problemsOf('description: nothing\n'))).toEqual([
      'dags/nightly.yml:1:1  the DAG does nothing   [yaml-invalid]',
    ])
    expect(firstLines(await problemsOf('select: a\nsteps: [build]\n'))).toEqual([
      "dags/nightly.yml:1:9  'select' and 'steps' are both there   [yaml-invalid]",
    ])
    expect(firstLines(await problemsOf('select: a\nschedule: "0 0 30 2 *"\n'))).toEqual([
      "dags/nightly.yml:2:11  '0 0 30 2 *' never fires: no such day is in the months it names   [yaml-invalid]",
    ])
  })

  it('is told without the line where that may hold a secret', async () => {
    const problems = await problemsOf(`select: a
triggers: { webhook: { token: hunter2 } }
on_failure:
  - slack: https://hooks.slack.com/services/hunter2
  - { webhook: "https://u:hunter2@x.org" }
  - { webhook: "https://x.org", headers: { X-Api-Key: hunter2 } }
  - { email: a@b.org, from: c@d.org, smtp: "smtp://u:hunter2@h" }
`)
    expect(firstLines(problems)).toEqual([
      "dags/nightly.yml:2:31  'token' must be {{ env_var('…') }}: secrets stand in no file   [yaml-invalid]",
      "dags/nightly.yml:4:12  the address of a Slack webhook must come from {{ env_var('…') }}: secrets stand in no file   [yaml-invalid]",
      "dags/nightly.yml:5:16  a password must come from {{ env_var('…') }}: secrets stand in no file   [yaml-invalid]",
      "dags/nightly.yml:6:42  the header X-Api-Key must come from {{ env_var('…') }}: secrets stand in no file   [yaml-invalid]",
      "dags/nightly.yml:7:44  the address of a mail server must come from {{ env_var('…') }}: secrets stand in no file   [yaml-invalid]",
    ])
    expect(problems.join('\n')).not.toContain('hunter2')
  })

  it('does not stop the others', async () => {
    const { dags, problems, broken } = await reading({
      'dags/a.yml': 'select: [',
      'dags/b.yml': 'select: b\ndepends_on: a\n',
      'dags/c.yml': 'name: b\nselect: c\n',
      'dags/d.yml': 'select: d\ntriggers: { after: bb }\n',
      'dags/e.yml': 'select: e\ntriggers: { after: f }\n',
      'dags/f.yml': 'select: f\ndepends_on: e\n',
      'dags/g.yml': 'select: g\n',
    })
    // b waits for a, which is there but out of order: that is for the scheduler to say when it comes to it.
    expect(dags.map(({ file }) => file)).toEqual(['dags/b.yml', 'dags/g.yml'])
    expect(broken).toEqual(['a', 'd', 'e', 'f'])
    expect(firstLines(problems.map(formatProblem)).slice(1)).toEqual([
      "dags/c.yml:1:7  a DAG 'b' is in dags/b.yml already   [name-duplicate]",
      "dags/d.yml:1:1  'd' names a DAG 'bb' that there is not   [dag-unknown]",
      'dags/e.yml:1:1  DAGs wait for each other in a circle: e → f → e   [cycle]',
      'dags/f.yml:1:1  DAGs wait for each other in a circle: f → e → f   [cycle]',
    ])
  })
})
