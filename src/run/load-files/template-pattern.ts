/*
 * What a template of to_date, to_timestamp or to_number allows, as a regular expression of Postgres. The functions
 * themselves pass over what they do not expect: to_number('12 or 3', '99') is 12, and to_date leaves a time away that
 * stands behind the date. A value of which something would be lost is not written as the template says.
 */

/** How numbers are written that a template of to_number reads; `decimal` and `group` stand for D and G, escaped. */
export function numberPattern(template: string, decimal: string, group: string): string {
  const [whole = '', fraction] = splitAtDecimal(template)
  const { before, digits, after } = partsOf(whole)
  const mark = /[.]/.test(template) ? '\\.' : decimal
  const places = fraction === undefined ? null : partsOf(fraction)
  const decimals = places ? `(${mark}[0-9]{0,${countOf(places.digits)}})?` : ''
  const behind = places ? places.after : after
  const plain = `[0-9]{0,${countOf(digits)}}`
  const [written = ','] = /[^90]/.exec(digits) ?? []
  const separator = /G/i.test(written) ? group : escaped(written)
  const groups = digits.split(/[^90]/).map((part) => part.length)
  const grouped = groups
    .slice(0, -1)
    .map((_, first) => groupedFrom(groups.slice(first), separator))
    .join('')
  const signed = /PR/i.test(template) ? ['<?', '>?'] : ['[-+]?', '']
  return `^\\s*${affix(before)}${signed[0]}\\s*(?=[^0-9]?[0-9])(${plain}${grouped})${decimals}${signed[1]}\\s*${affix(behind)}\\s*$`
}

/** The digits of a template, with what stands before and after them. */
function partsOf(template: string) {
  const shape = /^([^90]*)((?:[90](?:[90,G ']*[90])?)?)(.*)$/is
  const [, before = '', digits = '', after = ''] = shape.exec(template.replace(/FM/gi, ''))!
  return { before, digits, after }
}

function splitAtDecimal(template: string): [string, string?] {
  const at = template.search(/[.D]/i)
  return at < 0 ? [template] : [template.slice(0, at), template.slice(at + 1)]
}

function countOf(digits: string): number {
  return digits.replace(/[^90]/g, '').length
}

/** All groups from one on, of which only the first may be shorter. */
function groupedFrom(groups: readonly number[], separator: string): string {
  const [first, ...others] = groups
  return `|[0-9]{1,${first}}${others.map((size) => `${separator}[0-9]{${size}}`).join('')}`
}

/** Signs, currencies and words around the digits. */
function affix(text: string): string {
  const parts = text.match(/MI|PL|SG|PR|"[^"]*"|./gis) ?? []
  return parts
    .map((part) => {
      if (/^(MI|PL|SG|S)$/i.test(part)) return '[-+]?'
      if (/^PR$/i.test(part)) return ''
      if (/^L$/i.test(part)) return '[^0-9]{0,4}'
      return /^\s+$/.test(part) ? '\\s*' : `(${escaped(part.replaceAll('"', ''))})?`
    })
    .join('')
}

/** How dates and times are written that a template of to_date or to_timestamp reads. */
export function timePattern(template: string): string {
  const tokens = [...template.matchAll(timeToken)].map(([token]) => token)
  const parts = tokens.map((token, index) => {
    const isBeside = isNumeric(tokens[index - 1]) || isNumeric(tokens[index + 1])
    return tokenPattern(token, isBeside)
  })
  return `^\\s*${parts.join('')}\\s*$`
}

const words = 'A\\.M\\.|P\\.M\\.|AM|PM|B\\.C\\.|A\\.D\\.|BC|AD|MONTH|MON|DAY|DY|RM|TZH|TZM|TZ|OF'
const numbers =
  'Y,YYY|YYYY|YYY|YY|IYYY|IYY|IY|HH24|HH12|HH|SSSSS|SSSS|SS|MS|US|FF[1-6]|MM|MI|DDD|DD|IDDD|ID|IW|WW|CC|[YIDWQJ]'
const timeToken = new RegExp(`FM|FX|TM|TH|"(?:[^"\\\\]|\\\\.)*"|${words}|${numbers}|.`, 'gis')
const numericToken = new RegExp(`^(${numbers})$`, 'i')

function isNumeric(token: string | undefined): boolean {
  return token !== undefined && numericToken.test(token)
}

/** Lengths of what has two digits, or one where something else stands beside it. */
const digitCounts: Readonly<Record<string, string>> = {
  'Y,YYY': '{4,5}',
  ...{ DDD: '{1,3}', IDDD: '{1,3}', MS: '{1,3}', US: '{1,6}', SSSS: '{1,5}', SSSSS: '{1,5}', J: '+' },
  ...{
    YYYY: '{4,}',
    IYYY: '{4,}',
    YYY: '{3}',
    IYY: '{3}',
    Y: '{1}',
    I: '{1}',
    D: '{1}',
    ID: '{1}',
    W: '{1}',
    Q: '{1}',
  },
}

function tokenPattern(token: string, isBeside: boolean): string {
  const name = token.toUpperCase()
  if (/^(FM|FX|TM)$/.test(name)) return ''
  if (name === 'TH') return '[[:alpha:]]{2}'
  if (isNumeric(token)) {
    if (name === 'Y,YYY') return '[0-9]{1,3},?[0-9]{3}'
    if (/^FF[1-6]$/.test(name)) return `[0-9]{1,${name[2]}}`
    if (isBeside && /^I?YYYY$/.test(name)) return '[0-9]{4}'
    return `[0-9]${digitCounts[name] ?? (isBeside ? '{2}' : '{1,2}')}`
  }
  if (/^[AP]\.?M\.?$/.test(name)) return '[AaPp]\\.?[Mm]\\.?'
  if (name === 'TZ') return '[[:alpha:]_/+-]+[0-9]*'
  if (name === 'TZH') return '[-+]?[0-9]{1,2}'
  if (name === 'TZM') return '[0-9]{1,2}'
  if (name === 'OF') return '[-+][0-9]{1,2}(:?[0-9]{2})?'
  if (new RegExp(`^(${words})$`).test(name)) return '[[:alpha:].]+\\s*'
  if (token.startsWith('"')) return escaped(token.slice(1, -1).replaceAll(/\\(.)/g, '$1'))
  // The functions take any separator for any other.
  return /[a-z0-9]/i.test(token) ? escaped(token) : '[^[:alnum:]]*'
}

function escaped(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}
