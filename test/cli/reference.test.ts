import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { makeProgram } from '../../src/cli/program.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

const reference = readFileSync(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8')
const program = makeProgram(fakeSurroundings(), () => async () => {})

/** Every command with the words that name it: `db start`. */
function commandsBelow(command: Command, path: readonly string[] = []): { path: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()]
    return [{ path: own.join(' '), command: child }, ...commandsBelow(child, own)]
  })
}

const commands = commandsBelow(program)

describe('docs/reference/cli.md', () => {
  it('names every command', () => {
    expect(commands.length).toBeGreaterThan(12)
    for (const { path } of commands)
      expect(reference).toContain(`\`${path}\``.replace('`ls`', '`ls`, `list`'))
  })

  it('names every flag, with its short form', () => {
    const options = [program, ...commands.map(({ command }) => command)].flatMap(({ options }) => options)
    expect(options.length).toBeGreaterThan(30)
    for (const { long, short } of options) {
      expect(reference).toMatch(new RegExp(`\`[^\`]*${long}[ \`]`))
      if (short) expect(reference).toContain(`\`${short}\`, \`${long}`)
    }
  })

  it('names no flag that there is not', () => {
    const known = new Set(
      [program, ...commands.map(({ command }) => command)].flatMap(({ options }) =>
        options.map(({ long }) => long),
      ),
    )
    const named = new Set(reference.match(/(?<![\w-])--[a-z][a-z\d-]+/g))
    expect([...named].filter((flag) => !known.has(flag) && flag !== '--help')).toEqual([])
  })

  it('every command has examples in its help', () => {
    for (const { command } of commands.filter(({ path }) => !path.includes(' ') && path !== 'help')) {
      const help: string[] = []
      command.configureOutput({ writeOut: (text) => void help.push(text) }).outputHelp()
      expect(help.join('')).toContain('Examples:')
    }
  })
})
