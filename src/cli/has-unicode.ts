import type { CommandContext } from './command-context.ts'

/** The bars are of Unicode unless the environment says that the terminal has another character set. */
export function hasUnicode({ environment }: CommandContext): boolean {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || ''
  return environment['TERM'] !== 'dumb' && (locale === '' || /utf-?8/i.test(locale))
}
