import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { makeScreen } from '../../../src/cli/display/screen.ts'
import { makeTerminal, wantsColor } from '../../../src/cli/output.ts'

/** A stream that takes itself for a terminal of the given width and keeps what is written. */
function terminalStream(columns: number) {
  const chunks: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      chunks.push(String(chunk))
      done()
    },
  })
  const terminal = Object.assign(stream, { isTTY: true, columns, rows: 24 })
  return { stream: terminal as unknown as NodeJS.WriteStream, chunks }
}

describe('a screen', () => {
  it('keeps printed lines above those that are redrawn', async () => {
    const { stream, chunks } = terminalStream(80)
    const { out } = makeTerminal({ stdout: stream, stderr: stream }, {})
    expect(out.interactive).toBe(true)
    const screen = await makeScreen(out)
    screen.setLive(() => ['one is running', 'half done'])
    screen.print('another is finished')
    screen.setLive(null)
    screen.print('all done')
    screen.close()
    const text = chunks.join('')
    // The live lines are erased (two lines up) before the one that stays, and drawn again below it.
    const printed = text.indexOf('another is finished')
    const erased = text.slice(text.indexOf('half done'), printed)
    expect(erased.split('\u001b[1A')).toHaveLength(3)
    expect(stripVTControlCharacters(text.slice(printed))).toBe(
      'another is finished\none is running\nhalf done\nall done\n',
    )
  })

  it('is plain where lines cannot be redrawn', () => {
    const wide = terminalStream(80).stream
    const unknownWidth = terminalStream(0).stream
    const interactive = (stream: NodeJS.WriteStream, environment: Record<string, string>) =>
      makeTerminal({ stdout: stream, stderr: stream }, environment).out.interactive
    expect(interactive(wide, { CI: 'true' })).toBe(false)
    expect(interactive(wide, { TERM: 'dumb' })).toBe(false)
    expect(interactive(unknownWidth, {})).toBe(false)
  })
})

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal: %s, with %o: %s', (isTerminal, environment, expected) => {
    expect(wantsColor(isTerminal, environment as Record<string, string>)).toBe(expected)
  })
})
