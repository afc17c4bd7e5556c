import type { Command } from 'commander'
import { Option } from 'commander'

/** Text for people or JSON for programs, of a command that tells how things stand. */
export function standingOutput(): Option {
  return new Option('--output <format>', 'text for people, or one JSON document on stdout')
    .choices(['text', 'json'])
    .default('text')
}

/** What a command that writes a memo can be told. */
export function addMemoOptions(memo: Command): void {
  memo
    .addOption(
      new Option(
        '--format <format>',
        'markdown, or a page of HTML with charts; as the file is called if not said',
      ).choices(['markdown', 'html']),
    )
    .addOption(new Option('--to <file>', 'write it into a file instead of printing it'))
}
