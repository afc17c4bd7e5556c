import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const folder = new URL('../../bench/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace('.bench.ts', ''))

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('run.mjs', folder)), ...args],
    { encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

describe('the command of the benchmarks', () => {
  test.each(names)('says what %s measures, and all of its options', (name) => {
    const { status, stdout, stderr } = run(name, '--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n  --')[0]!.length).toBeGreaterThan(100)
    const source = readFileSync(new URL(`${name}.bench.ts`, folder), 'utf8')
    const options = [...source.matchAll(/^ +'?([\w-]+)'?: \{ type: 'string'|, ([\w-]+): \{ type: 'string'/gm)]
    expect(options.length).toBeGreaterThan(0)
    for (const [, first, later] of options) expect(stdout).toContain(`--${first ?? later}`)
  })

  test('refuses an option that it does not know in one line', () => {
    expect(run('parse', '--modles', '5')).toEqual({
      status: 2,
      stdout: '',
      stderr: "Unknown option '--modles'; see npm run bench -- parse --help\n",
    })
  })

  test('lists the benchmarks without a name, or with one that there is not', () => {
    expect(run()).toMatchObject({ status: 2, stdout: expect.stringContaining(names.join(', ')) })
    expect(run('--help').status).toBe(0)
    expect(run('prase')).toMatchObject({ status: 2, stderr: expect.stringContaining("no benchmark 'prase'") })
  })
})
