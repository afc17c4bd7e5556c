import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

/*
 * What a person sees: the command in a pseudo terminal, down to the bytes.
 */

const folder = useProjectCopy('small-shop')
const database = useTestDatabase()
const command = fileURLToPath(new URL('../../bin/estimand.js', import.meta.url))

beforeAll(async () => {
  const slow = "{{ config(materialized='table') }} select 1 as n, pg_sleep(1.5)::text as slept"
  writeFileSync(join(folder(), 'models', 'a_model_whose_name_is_too_long_for_a_narrow_terminal.sql'), slow)
  writeFileSync(join(folder(), 'models', 'wrong.sql'), 'select 1 as n,\n  nothing as x\n')
  expect((await runEstimand(folder(), ['seed'], { DATABASE_URL: database.url })).code).toBe(0)
})

/** What a terminal of so many columns gets to see. */
function inTerminal(columns: number, environment: Record<string, string> = {}): Promise<string> {
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...inherited } = process.env
  const env = { ...inherited, TERM: 'xterm-256color', DATABASE_URL: database.url, ...environment }
  const line = `stty cols ${columns} rows 24; '${process.execPath}' '${command}' run --threads 1`
  const child = spawn('script', ['-qfec', line, '/dev/null'], { cwd: folder(), env })
  let written = ''
  child.stdout.on('data', (chunk: Buffer) => {
    written += chunk.toString()
  })
  return new Promise((resolve) => child.on('close', () => resolve(written)))
}

const esc = '\u001b'
const colour = new RegExp(`${esc}\\[(3[0-7]|9[0-7]|2)m`)
const linesOf = (written: string) => stripVTControlCharacters(written).split(/\r?\n/)

describe('a run in a terminal', () => {
  it('shows what runs and the whole, redrawn in place, and gives the cursor back', async () => {
    const written = await inTerminal(100)
    expect(written).toMatch(colour)
    const lines = linesOf(written)
    expect(
      lines.find((line) => /^. table .*too_long_for_a_narrow_terminal {2}\d\.\ds/.test(line)),
    ).toBeDefined()
    expect(lines.find((line) => /[█░]{10,} {2}0 of \d {2}\d\.\ds/.test(line))).toBeDefined()
    expect(lines).toContain('models/wrong.sql:2:3  column "nothing" does not exist   [sql-error]')
    expect(lines).toContain('  2 |   nothing as x')
    expect(lines.filter((line) => line !== '').at(-1)).toMatch(/^Done\. PASS=\d WARN=0 ERROR=1 .* TOTAL=4$/)
    // Nothing flickers: what is redrawn is erased line by line, the screen never.
    expect(written).not.toContain(`${esc}[2J`)
    expect(written.lastIndexOf(`${esc}[?25h`)).toBeGreaterThan(written.lastIndexOf(`${esc}[?25l`))
  })

  it('of 40 columns wraps nothing that is redrawn, and with NO_COLOR has no colours', async () => {
    const written = await inTerminal(40, { NO_COLOR: '1' })
    expect(written).not.toMatch(colour)
    const live = linesOf(written).filter((line) => /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏█░]/.test(line))
    expect(live.length).toBeGreaterThan(5)
    for (const line of live) expect(line.length).toBeLessThanOrEqual(40)
  })

  it('that is none has plain lines', async () => {
    const { out, err } = await runEstimand(folder(), ['run'], { DATABASE_URL: database.url })
    expect(out + err).not.toContain(esc)
    expect(out).toMatch(/^ +RUNS {3}table .*too_long_for_a_narrow_terminal$/m)
  })
})
