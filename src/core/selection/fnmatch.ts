/*
 * Shell patterns as Python's fnmatch reads them, which is what dbt's selectors promise: `*` any text, `?` one
 * character, `[abc]` and `[!abc]` one of a set. None of them stops at a slash or a dot.
 */

/** Whether the text holds anything that fnmatch gives a meaning. */
export function hasWildcard(pattern: string): boolean {
  return /[*?[\]]/.test(pattern)
}

/** A test for whole texts that match the pattern. */
export function fnmatch(pattern: string): (text: string) => boolean {
  if (!hasWildcard(pattern)) return (text) => text === pattern
  const expression = new RegExp(`^${translate(pattern, '.*', '.')}$`, 's')
  return (text) => expression.test(text)
}

/** The pattern as the source of a regular expression; what `*` and `?` stand for is given. */
export function translate(pattern: string, star: string, anyOne: string): string {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === '*') source += star
    else if (character === '?') source += anyOne
    else if (character === '[') {
      const end = closingBracket(pattern, at)
      source += end < 0 ? '\\[' : characterSet(pattern.slice(at + 1, end))
      if (end > 0) at = end
    } else source += escaped(character)
  }
  return source
}

/** A bracket right after the opening one, or after `!`, is a member of the set. */
function closingBracket(pattern: string, open: number): number {
  const first = pattern[open + 1] === '!' ? open + 2 : open + 1
  return pattern.indexOf(']', first + 1)
}

function characterSet(members: string): string {
  const negated = members.startsWith('!')
  const body = (negated ? members.slice(1) : members).replace(/[\\\]^[]/g, '\\$&')
  return isEmptyRange(body) ? '(?!)' : `[${negated ? '^' : ''}${body}]`
}

/** `[z-a]` matches nothing; as a regular expression it would not compile. */
function isEmptyRange(body: string): boolean {
  const range = /^(.)-(.)$/s.exec(body)
  return range !== null && range[1]! > range[2]!
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
