import { expect, it } from 'vitest'
import type { DagStep, NodesStep } from '../../src/core/dag.ts'
import { preparingArgs, stepCommand } from '../../src/schedule/step-command.ts'
import type { ClaimedStep } from '../../src/store/dags/index.ts'
import { makeDag, makeStep, once } from './make-dag.ts'

const build: NodesStep = {
  ...{ kind: 'build', name: 'build', place: { file: 'dags/nightly.yml', line: 1, column: 1 }, needs: [] },
  ...{ when: 'success', retry: once, timeoutSeconds: null, pool: null, vars: { from: '{{ ds }}' } },
  ...{ select: ['tag:nightly'], exclude: [], fullRefresh: false, isOverInterval: false, failFast: false },
}

const claimed = (vars: Readonly<Record<string, unknown>>): ClaimedStep => ({
  ...{ dagRunId: 'r', step: 'build', claim: 1, try: 1, cause: 'first', runId: 'n', previousRunId: null },
  attempts: 0,
  dag: makeDag('nightly', { steps: [build], vars: { day: '{{ next_ds }}' } }),
  run: {
    ...{ cause: 'webhook', instant: null, queuedAt: '2026-02-03T01:00:00.000Z', retryCount: 0, vars },
    ...{ intervalStart: '2026-02-01T00:00:00.000Z', intervalEnd: '2026-02-02T00:00:00.000Z' },
  },
})

it('fills in what files declare, and takes what came with a run as it is', () => {
  const given = { note: "{{ env_var('SECRET') }}", day: 'monday' }
  expect(stepCommand(claimed(given), { SECRET: 'hush' })).toEqual({
    kind: 'estimand',
    args: [
      ...['build', '--select', 'tag:nightly', '--vars'],
      JSON.stringify({ day: 'monday', from: '2026-02-01', note: "{{ env_var('SECRET') }}" }),
    ],
    goesOn: true,
  })
})

it('gives programs the target of their DAG, unless they name another', () => {
  const command = (env: Readonly<Record<string, string>>) =>
    stepCommand(
      {
        ...claimed({}),
        dag: makeDag('nightly', { target: 'live', steps: [makeStep('build', { argv: ['tell'], env })] }),
      },
      {},
    )
  expect(command({})).toEqual({ kind: 'program', argv: ['tell'], env: { ESTIMAND_TARGET: 'live' } })
  expect(command({ ESTIMAND_TARGET: 'other' })).toMatchObject({ env: { ESTIMAND_TARGET: 'other' } })
})

it('compiles ahead with the vars and the target of the step', () => {
  const argsOf = (step: DagStep) =>
    preparingArgs(
      { ...claimed({}), step: step.name, dag: makeDag('nightly', { target: 'live', steps: [step] }) },
      {},
    )
  const args = ['parse', '--vars', '{"from":"2026-02-01"}', '--target', 'live']
  expect(argsOf(build)).toEqual(args)
  expect(argsOf({ ...build, kind: 'source_freshness' })).toEqual(args)
  expect(argsOf(makeStep('build'))).toBeNull()
})
