import type { Command } from 'commander'
import type { Launch } from './command-context.ts'
import type { OptionGroups } from './options.ts'

/** What a file in commands/ gets to define its command with. */
export interface CommandPlace {
  readonly options: OptionGroups
  readonly launch: Launch
  /** Begins a command below another one. */
  readonly command: (parent: Command, name: string) => Command
}

/** Adds one command to the program. */
export type CommandDefiner = (program: Command, place: CommandPlace) => void
