import type { CommandContext } from './command-context.ts'
import { inPlainCharacters } from './display/interval-bar.ts'
import { hasUnicode } from './has-unicode.ts'

/*
 * How analyses are shown as they stand, to people and to machines.
 */

/** Prints lines for people, in plain characters where the terminal has no others. */
export function printLines(context: CommandContext, lines: readonly string[]): void {
  const shown = hasUnicode(context) ? lines : lines.map(inPlainCharacters)
  for (const line of shown) context.terminal.out.write(`${line}\n`)
}

/** Prints a value as JSON for machines, the same on every terminal. */
export function printJson(context: CommandContext, value: unknown): void {
  context.terminal.out.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** A standing as the tables name it: fields, which hold no names of the user's, in snake case. */
export function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      inSnakeCase(inner),
    ]),
  )
}
