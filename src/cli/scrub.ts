import type { Environment } from './output.ts'

const secretPrefixes = ['DBT_ENV_SECRET', 'ESTIMAND_ENV_SECRET']

/** Makes what hides secrets in a text: the passwords of URLs, and what the environment says is secret. */
export function makeScrub(environment: Environment): (text: string) => string {
  const secrets = Object.entries(environment).flatMap(([name, value]) =>
    value && secretPrefixes.some((prefix) => name.startsWith(prefix)) ? [value] : [],
  )
  // The longest first: one may be a part of another.
  secrets.sort((a, b) => b.length - a.length)
  return (text) => secrets.reduce((left, secret) => left.replaceAll(secret, '*****'), scrubUrls(text))
}

/** Hides the password of every connection URL in a text. */
export function scrubUrls(text: string): string {
  // Every text of every event comes here, and few hold a URL.
  if (!text.includes('://')) return text
  return text.replace(/(\b[a-z]+:\/\/[^\s:@/"]*):[^\s@/"]+@/gi, '$1:***@')
}
