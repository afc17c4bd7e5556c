/*
 * What an address says, apart from what nobody else is to see: a password, and what stands behind the question mark,
 * where signatures and tokens are.
 */

export interface HttpAddress {
  /** For people and for the ledger: without secrets. */
  readonly shown: string
  /** For the server. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Whether files come from a web server. */
export function isHttpAddress(from: string): boolean {
  return /^https?:\/\//i.test(from)
}

/** Takes an address apart; null where it is none. */
export function httpAddress(from: string): HttpAddress | null {
  if (!URL.canParse(from)) return null
  const url = new URL(from)
  const { username, password } = url
  url.username = ''
  url.password = ''
  url.hash = ''
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    shown: `${url.origin}${url.pathname}`,
    url: url.href,
    headers: {
      // Packed on the way it would have another size than it has, and no place to go on from.
      'accept-encoding': 'identity',
      ...(user !== ':' && { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
    },
  }
}
