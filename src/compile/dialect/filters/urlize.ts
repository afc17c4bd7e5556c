// Turning URLs and mail addresses in text into links, for the filter `urlize`.
import { escapeText } from '../values/escape.ts'

interface Linking {
  readonly limit: number | undefined
  readonly rel: readonly string[]
  readonly target: string | undefined
}

const url = /^(https?:\/\/|www\.)[^\s<]+$/i
const bareDomain = /^[\w-]+(\.[\w-]+)*\.(com|net|org|info|edu|gov|int|mil|io)(:\d+)?(\/\S*)?$/i
const mail = /^\S+@\w[\w.-]*\.\w+$/

/** Links what looks like a URL or mail address; everything else is escaped. */
export function linkUrls(text: string, how: Linking): string {
  return escapeText(text)
    .split(/(\s+)/)
    .map((word) => linkWord(word, how))
    .join('')
}

function linkWord(word: string, how: Linking): string {
  const head = /^([(<]|&lt;)+/.exec(word)?.[0] ?? ''
  const rest = word.slice(head.length)
  const tail = /([)>.,\n]|&gt;)+$/.exec(rest)?.[0] ?? ''
  const middle = rest.slice(0, rest.length - tail.length)
  return head + link(middle, how) + tail
}

function link(word: string, how: Linking): string {
  const target = how.target ? ` target="${escapeText(how.target)}"` : ''
  const rel = how.rel.length > 0 ? ` rel="${escapeText([...how.rel].sort().join(' '))}"` : ''
  const shown = how.limit !== undefined && word.length > how.limit ? `${word.slice(0, how.limit)}...` : word
  if (url.test(word)) {
    const href = /^https?:/i.test(word) ? word : `https://${word}`
    return `<a href="${href}"${rel}${target}>${shown}</a>`
  }
  if (bareDomain.test(word)) return `<a href="https://${word}"${rel}${target}>${shown}</a>`
  if (mail.test(word) && !word.startsWith('www.')) return `<a href="mailto:${word}">${word}</a>`
  return word
}
