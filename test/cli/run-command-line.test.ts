import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { packageVersion } from '../../src/cli/version.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

async function run(argv: readonly string[], environment: Record<string, string> = {}) {
  const surroundings = fakeSurroundings({ environment })
  const code = await runCommandLine(argv, surroundings)
  return { code, ...surroundings.written }
}

describe('the command line itself', () => {
  it('prints its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: `estimand ${packageVersion()}\n`, err: '' })
  })

  it('prints help with every group of commands, and examples', async () => {
    const { code, out } = await run(['--help'])
    expect(code).toBe(0)
    expect(out).toContain('The main job:')
    expect(out).toContain('Examples:')
  })

  it("prints a command's help with the flags that every command has", async () => {
    const { code, out } = await run(['run', '--help'])
    expect(code).toBe(0)
    expect(out).toContain('--select')
    expect(out).toContain('--project-dir')
    expect(out).toContain('Examples:')
  })

  it('takes a command line without a command for a mistake, and helps', async () => {
    const { code, out, err } = await run([])
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('Usage: estimand')
  })

  it('suggests the command that was meant', async () => {
    const { code, out, err } = await run(['biuld'])
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toBe(
      "unknown command 'biuld'   [usage]\n  did you mean build?\n  estimand --help lists what there is\n",
    )
  })

  it('suggests the flag that was meant, and points at the help of the command', async () => {
    const { code, err } = await run(['run', '--full-refesh'])
    expect(code).toBe(2)
    expect(err).toBe(
      "unknown option '--full-refesh'   [usage]\n  did you mean --full-refresh?\n  estimand run --help lists what there is\n",
    )
  })

  it('refuses arguments that a command does not take', async () => {
    const { code, err } = await run(['run', 'orders'])
    expect(code).toBe(2)
    expect(err).toContain('too many arguments')
  })

  it('refuses values that are not among the choices, and names them', async () => {
    const { code, err } = await run(['build', '--publish', 'never'])
    expect(code).toBe(2)
    expect(err).toContain('run, node')
  })

  it.each(['0', '-1', '1.5', 'many'])('refuses %s threads', async (threads) => {
    const { code, err } = await run(['build', '--threads', threads])
    expect(code).toBe(2)
    expect(err).toContain('whole number')
  })

  it('refuses a variable that is neither yes nor no', async () => {
    const { code, err } = await run(['build'], { ESTIMAND_FULL_REFRESH: 'perhaps' })
    expect(code).toBe(2)
    expect(err).toContain("ESTIMAND_FULL_REFRESH is 'perhaps'")
  })

  it('says where it looked when there is no project, in colour only when that is wished', async () => {
    const plain = await run(['ls', '--project-dir', '/nowhere'])
    expect(plain.code).toBe(2)
    expect(plain.out).toBe('')
    expect(plain.err).toContain('[project-missing]')
    expect(plain.err).not.toContain('\u001b[')
    const colored = await run(['ls', '--project-dir', '/nowhere'], { FORCE_COLOR: '1' })
    expect(colored.err).toContain('\u001b[')
    const noColor = await run(['ls', '--project-dir', '/nowhere', '--no-color'], { FORCE_COLOR: '1' })
    expect(noColor.err).not.toContain('\u001b[')
  })

  it('gives problems as JSON where JSON is read', async () => {
    const { code, out } = await run(['build', '--output', 'json', '--project-dir', '/nowhere'])
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({ command: 'build', problems: [{ code: 'project-missing' }] })
  })
})
