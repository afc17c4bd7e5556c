import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatProblem, type Problem } from '../../src/core/problem.ts'
import { findProfiles, notPostgres, readProfile } from '../../src/project/read-profile.ts'
import { withProject } from './temp-project.ts'

const profiles = `
config: { send_anonymous_usage_stats: false }
shop:
  target: "{{ env_var('TARGET', 'dev') }}"
  outputs:
    dev:
      type: postgres
      host: localhost
      port: "{{ env_var('PORT') | as_number }}"
      user: shop
      pass: 12345
      dbname: shop
      schema: dev_ann
      threads: 8
      role: builder
      search_path: shop,public
      connect_timeout: 5
      keepalives_idle: 0
      retries: 2
      application_name: nightly
      sslmode: require
      sslcert: /certs/me.pem
    lake: { type: snowflake, account: x }
`

describe('profiles.yml', () => {
  it('gives the targets that are Postgres, under the names that we know them by', async () => {
    await withProject({ 'profiles.yml': profiles }, async (root) => {
      expect(findProfiles([join(root, 'nowhere'), root])).toBe(root)
      expect(readProfile(root, 'shop', [])).toEqual({
        name: 'shop',
        hasFlags: true,
        path: join(root, 'profiles.yml'),
        defaultTarget: "{{ env_var('TARGET', 'dev') }}",
        targets: {
          dev: {
            engine: 'postgres',
            schema: 'dev_ann',
            threads: 8,
            host: 'localhost',
            port: "{{ env_var('PORT') | as_number }}",
            user: 'shop',
            password: '12345',
            database: 'shop',
            sslmode: 'require',
            sslcert: '/certs/me.pem',
            role: 'builder',
            searchPath: 'shop,public',
            connectTimeoutSeconds: 5,
            keepalivesIdleSeconds: 0,
            retries: 2,
            applicationName: 'nightly',
          },
        },
        others: { lake: 'snowflake' },
      })
    })
  })

  it('says which profiles there are, and what is missing from one', async () => {
    await withProject(
      { 'profiles.yml': `${profiles}\nbroken:\n  outputs:\n    dev: {type: postgres}\n` },
      async (root) => {
        const problems: Problem[] = []
        expect(readProfile(root, 'shops', problems)).toBeNull()
        readProfile(root, 'broken', problems)
        expect(problems.map(formatProblem)).toEqual([
          expect.stringMatching(/there is no profile 'shops' in .*\n {2}did you mean 'shop'\?/),
          expect.stringContaining("'schema' is missing"),
        ])
      },
    )
  })

  it('warns of keys that mean nothing', async () => {
    const misspelled = profiles
      .replace('keepalives_idle', 'keepalive_idle')
      .replace('  target:', '  targt: x\n  target:')
    await withProject({ 'profiles.yml': misspelled }, async (root) => {
      const problems: Problem[] = []
      expect(readProfile(root, 'shop', problems)?.targets['dev']).toMatchObject({ host: 'localhost' })
      expect(problems.map(({ severity, code, message, hint }) => [severity, code, message, hint])).toEqual([
        ['warning', 'yaml-unknown-key', "unknown key 'targt'", "did you mean 'target'?"],
        ['warning', 'yaml-unknown-key', "unknown key 'keepalive_idle'", "did you mean 'keepalives_idle'?"],
      ])
    })
  })

  it('names the Postgres targets when another one is asked for', async () => {
    await withProject({ 'profiles.yml': profiles }, async (root) => {
      const problem = formatProblem(notPostgres(readProfile(root, 'shop', [])!, 'lake'))
      expect(problem).toContain("target 'lake' is of the type snowflake, and Estimand speaks to Postgres")
      expect(problem).toContain("the targets of this profile that are: 'dev'")
    })
  })
})
