import type { NotificationTarget } from '../../core/dag.ts'
import { MissingVariable, renderDagText } from '../../core/dag-template.ts'
import type { Notice } from './notice.ts'

/*
 * Sends a notice to one target. Addresses and tokens are filled in here and nowhere else, and no reason why it could
 * not be sent holds them.
 */

/** A message by e-mail, with the address of the server that takes it. */
export interface Mail {
  readonly smtp: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
}

export interface SendEffects {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof fetch
  /** Rejects when the server does not take it. */
  readonly mail: (mail: Mail, signal: AbortSignal) => Promise<void>
}

/** Returns why it could not be sent, or null when it was. An aborted signal ends it, whatever the others do. */
export async function sendNotice(
  target: NotificationTarget,
  notice: Notice,
  effects: SendEffects,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return await Promise.race([send(target, notice, effects, signal), untilAborted(signal)])
  } catch (error) {
    return reasonOf(error)
  }
}

async function send(
  target: NotificationTarget,
  notice: Notice,
  { environment, fetch, mail }: SendEffects,
  signal: AbortSignal,
): Promise<string | null> {
  const fill = (text: string): string => String(renderDagText(text, {}, environment))
  if (target.kind === 'email') {
    const text = `${notice.lines.join('\n')}\n`
    const addresses = { smtp: fill(target.smtp), from: fill(target.from), to: target.to.map(fill) }
    await mail({ ...addresses, subject: notice.title, text }, signal)
    return null
  }
  const headers = target.kind === 'webhook' ? target.headers : {}
  const response = await fetch(fill(target.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)])),
    },
    body: JSON.stringify(target.kind === 'slack' ? slackMessage(notice, target.channel) : notice.payload),
    signal,
    // What is sent on would take its headers along.
    redirect: 'manual',
  })
  await response.body?.cancel()
  return response.ok ? null : `it answered ${response.status}`
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** What Slack reads, and Mattermost and Rocket.Chat too. */
function slackMessage({ title, lines }: Notice, channel: string | null) {
  const escaped = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const text = [`*${escaped(title)}*`, ...lines.map(escaped)].join('\n')
  return { text, ...(channel !== null && { channel }) }
}

/** Names of errors and codes of systems only: messages may quote an address. */
export function reasonOf(error: unknown): string {
  if (error instanceof MissingVariable) return error.message
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'no answer in time'
  const cause = error.cause instanceof Error ? error.cause : error
  const { code, responseCode } = cause as { code?: unknown; responseCode?: unknown }
  if (typeof responseCode === 'number') return `the mail server answered ${responseCode}`
  return typeof code === 'string' ? code : cause.name
}
