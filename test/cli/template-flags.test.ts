import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

const folder = fileURLToPath(new URL('../projects/small-shop/', import.meta.url))

/** What a template given on the command line comes to, with what is said beside it. */
async function inline(text: string, ...flags: string[]) {
  const surroundings = fakeSurroundings({ workingDirectory: folder })
  const code = await runCommandLine(['compile', '--inline', text, ...flags], surroundings)
  return { code, ...surroundings.written }
}

describe('what templates see of the command line', () => {
  it('is under the names of dbt', async () => {
    const text = '{{ flags.WHICH }} {{ flags.FULL_REFRESH }} {{ flags.WARN_ERROR }} {{ flags.PRINT }}'
    expect(await inline(text)).toMatchObject({ code: 0, out: 'compile False False True\n' })
    expect((await inline(text, '--full-refresh', '--warn-error')).out).toBe('compile True True True\n')
  })

  it('keeps print() quiet with --no-print', async () => {
    const text = "{% do print('shown') %}{{ flags.PRINT }}"
    expect(await inline(text)).toMatchObject({ out: 'True\n', err: 'shown\n' })
    expect(await inline(text, '--no-print')).toMatchObject({ out: 'False\n', err: '' })
  })
})
