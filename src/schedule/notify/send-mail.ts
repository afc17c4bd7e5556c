import { createTransport } from 'nodemailer'
import type { Mail } from './send-notice.ts'

/** Hands a message to its server. `smtps://` is TLS from the start; `smtp://` changes to TLS where the server offers it. */
export async function sendMail({ smtp, from, to, subject, text }: Mail): Promise<void> {
  const transport = createTransport(withTimeouts(smtp))
  try {
    await transport.sendMail({ from, to: [...to], subject, text })
  } finally {
    transport.close()
  }
}

/** Its own limits are minutes, and a socket that nobody waits for any more keeps a process from ending. */
function withTimeouts(smtp: string): string {
  const url = new URL(smtp)
  for (const limit of ['connectionTimeout', 'greetingTimeout', 'socketTimeout', 'dnsTimeout'])
    if (!url.searchParams.has(limit)) url.searchParams.set(limit, '10000')
  return url.href
}
