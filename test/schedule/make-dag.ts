import type { CommandStep, Dag, RetryPolicy } from '../../src/core/dag.ts'

/** No retries. */
export const once: RetryPolicy = { retries: 0, delaySeconds: 60, backoff: 1, maxDelaySeconds: 3600 }

/** A step that calls a program. */
export function makeStep(name: string, changes: Partial<CommandStep> = {}): CommandStep {
  return {
    kind: 'command',
    name,
    place: { file: 'dags/test.yml', line: 1, column: 1 },
    needs: [],
    when: 'success',
    retry: once,
    timeoutSeconds: null,
    pool: null,
    vars: {},
    argv: ['true'],
    env: {},
    ...changes,
  }
}

/** A DAG of one step that runs every hour. */
export function makeDag(name: string, changes: Partial<Dag> = {}): Dag {
  return {
    name,
    file: `dags/${name}.yml`,
    place: { file: `dags/${name}.yml`, line: 1, column: 1 },
    description: '',
    owners: [],
    tags: [],
    schedule: { cron: '0 * * * *', timezone: 'UTC' },
    triggers: { afterDags: [], newData: [], webhook: null },
    dependsOn: [],
    steps: [makeStep('work')],
    vars: {},
    target: null,
    startDate: null,
    endDate: null,
    catchup: 'all',
    maxActiveRuns: 1,
    dependsOnPast: false,
    retry: once,
    timeoutSeconds: null,
    slaSeconds: null,
    notifications: { on_failure: [], on_success: [], on_sla_miss: [] },
    isPausedAtFirst: false,
    version: 'v1',
    ...changes,
  }
}
