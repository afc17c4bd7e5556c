/*
 * SQL without what PostgreSQL does not read either: layout, comments, and the case of what is not quoted. Texts that
 * come out the same are the same to the server. Its own parser would find some more of them, and takes a hundred
 * times as long; every run asks this of every model.
 */

/**
 * The tokens of PostgreSQL's lexical rules, as far as they have to be told apart. Strings come before words, since a
 * letter in front changes what a string means; a comment before operators, since it begins like one.
 */
const token = new RegExp(
  [
    String.raw`[eE]'(?:[^'\\]|\\[\s\S]|'')*'`,
    `(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*'`,
    '(?:[uU]&)?"(?:[^"]|"")*"',
    String.raw`(\$(?:[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*)?\$)[\s\S]*?\1`,
    String.raw`[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*`,
    String.raw`\.?\d[\w.]*`,
    String.raw`--[^\n\r]*`,
    String.raw`/\*`,
    '::|:=',
    String.raw`[-+*/<>=~!@#%^&|?]+?(?=--|/\*|[^-+*/<>=~!@#%^&|?]|$)`,
    String.raw`\S`,
  ].join('|'),
  'gu',
)

/** The tokens of a text, with a space between them. */
export function normalisedSql(text: string): string {
  const tokens = sqlTokens(text)
  while (tokens.at(-1) === ';') tokens.pop()
  return tokens.join(' ')
}

/** The tokens of a text; what is not quoted is in lower case. */
export function sqlTokens(text: string): string[] {
  const tokens: string[] = []
  const scan = new RegExp(token)
  for (let match = scan.exec(text); match; match = scan.exec(text)) {
    const [found] = match
    if (found === '/*') scan.lastIndex = endOfComment(text, scan.lastIndex)
    else if (!found.startsWith('--')) tokens.push(isVerbatim(found) ? found : folded(found))
  }
  return tokens
}

/** Whether case means something: in strings and names in quotes. */
function isVerbatim(found: string): boolean {
  return found.endsWith("'") || found.endsWith('"') || found.startsWith('$')
}

/** As PostgreSQL folds names: letters beyond ASCII keep their case. */
function folded(word: string): string {
  return word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Comments of this kind nest. */
function endOfComment(text: string, start: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = start
  for (let depth = 1; depth > 0; ) {
    const match = mark.exec(text)
    if (!match) return text.length
    depth += match[0] === '/*' ? 1 : -1
  }
  return mark.lastIndex
}
