import { describe, expect, it } from 'vitest'
import type { Launch } from '../../src/cli/command-context.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

/** The flags that a command line gives to its command. */
async function flagsOf(argv: readonly string[], environment: Record<string, string> = {}) {
  const before = { ...process.env }
  Object.assign(process.env, environment)
  try {
    let received: Record<string, unknown> = {}
    const launch: Launch =
      () =>
      async (...args) => {
        received = (args.at(-1) as { optsWithGlobals(): Record<string, unknown> }).optsWithGlobals()
      }
    await makeProgram(fakeSurroundings({ environment }), launch).parseAsync([...argv], { from: 'user' })
    return received
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

describe('flags', () => {
  it('takes what dbt takes with all of its commands, also where it means nothing', async () => {
    const taken = ['--fail-fast', '--threads', '3', '--defer', '--state', 'x', '--hints-enabled']
    for (const command of [
      ['ls'],
      ['show'],
      ['compile'],
      ['clean'],
      ['docs', 'generate'],
      ['source', 'freshness'],
    ])
      await flagsOf([...command, ...taken, '--indirect-selection', 'eager', '--maximum-seed-size-mib', '5'])
    await flagsOf(['build', '--no-export-saved-queries'])
    expect(await flagsOf(['ls', '--exclude-resource-types', 'model'])).toMatchObject({
      excludeResourceType: ['model'],
    })
    await expect(flagsOf(['experiment', 'list', '--defer'])).rejects.toThrow('unknown option')
  })

  it('takes several selectors after one flag, and the flag several times', async () => {
    const flags = await flagsOf([
      'run',
      '-s',
      'a',
      'b+',
      '--select',
      'tag:c',
      '--exclude',
      'd',
      'e',
      '-t',
      'prod',
    ])
    expect(flags).toMatchObject({ select: ['a', 'b+', 'tag:c'], exclude: ['d', 'e'], target: 'prod' })
  })

  it('takes the flags of every command before and after its name', async () => {
    expect(await flagsOf(['--quiet', 'run'])).toMatchObject({ quiet: true })
    expect(await flagsOf(['run', '--quiet', '-m', 'a'])).toMatchObject({ quiet: true, models: ['a'] })
  })

  it('reads counts as people write them', async () => {
    expect(await flagsOf(['start', '--events', '10M', '--seed', '0'])).toMatchObject({
      events: 10_000_000,
      seed: 0,
    })
    expect(await flagsOf(['start', '--events', '10_000'])).toMatchObject({ events: 10_000 })
  })

  it("is set by variables with our prefix or dbt's, ours first, and the command line over both", async () => {
    const environment = {
      ESTIMAND_TARGET: 'ours',
      DBT_TARGET: 'theirs',
      DBT_FULL_REFRESH: 'true',
      DBT_THREADS: '3',
    }
    expect(await flagsOf(['run'], environment)).toMatchObject({
      target: 'ours',
      fullRefresh: true,
      threads: 3,
    })
    expect(await flagsOf(['run', '-t', 'typed'], environment)).toMatchObject({ target: 'typed' })
    expect(await flagsOf(['run'], { DBT_TARGET: 'theirs' })).toMatchObject({ target: 'theirs' })
  })

  it('takes a variable that says no for no', async () => {
    expect(await flagsOf(['run'], { DBT_FULL_REFRESH: 'False' })).not.toHaveProperty('fullRefresh')
  })

  it('leaves a query beginning with a comment to --inline', async () => {
    const flags = await flagsOf(['show', '--inline', '-- all\nselect 1', '--limit', '0'])
    expect(flags).toMatchObject({ inline: '-- all\nselect 1', limit: 0 })
  })

  it('takes any limit below 0 of rows for none, as dbt does', async () => {
    expect(await flagsOf(['show', '-s', 'a', '--limit', '-1'])).toMatchObject({ limit: 0 })
  })

  it('knows ls by its long name', async () => {
    expect(await flagsOf(['list', '--resource-type', 'model', 'seed', '--output', 'json'])).toMatchObject({
      resourceType: ['model', 'seed'],
      output: 'json',
    })
  })
})
