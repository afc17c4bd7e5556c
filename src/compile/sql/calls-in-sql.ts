import { sqlTokens } from './normalised-sql.ts'

/** Words that call something without brackets. */
const callingWords = new Set([
  'current_catalog',
  'current_date',
  'current_role',
  'current_schema',
  'current_time',
  'current_timestamp',
  'current_user',
  'localtime',
  'localtimestamp',
  'session_user',
  'system_user',
  'tablesample',
  'user',
])

/** Strings that are another time each day once they are read as one. */
const movingTimes = /(?:^|[^a-z])(?:now|today|tomorrow|yesterday)(?:[^a-z]|$)/i
const longestTime = 40

/**
 * What a text of SQL may call, in order: the names of functions, and in brackets what else gives another value at
 * another time or to another user. Some of the names are none of functions; those mean nothing to whoever looks them up.
 */
export function callsInSql(text: string): string[] {
  const found = new Set<string>()
  const tokens = sqlTokens(text)
  for (const [index, token] of tokens.entries()) {
    if (token.endsWith("'") || token.startsWith('$')) {
      if (token.length <= longestTime && movingTimes.test(token)) found.add(`[${token}]`)
    } else if (callingWords.has(token)) found.add(`[${token}]`)
    else if (tokens[index + 1] === '(' && /^[\p{L}_"]/u.test(token)) found.add(plainName(token))
  }
  return [...found].sort()
}

function plainName(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token
}
