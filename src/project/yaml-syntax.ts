import type { YAMLParseError } from 'yaml'

/*
 * What the YAML parser refuses, in words for somebody who does not know its grammar.
 */

export interface SyntaxMessage {
  readonly offset: number
  readonly message: string
  readonly hint?: string
}

/** Says what is wrong and where to look; an unclosed quote is pointed at where it opens. */
export function syntaxMessage(error: YAMLParseError, text: string): SyntaxMessage {
  const offset = error.pos[0]
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { offset, message: 'a tab indents this line; YAML allows only spaces', hint: 'use two spaces' }
    case 'DUPLICATE_KEY':
      return { offset, message: `the key '${wordAt(text, offset)}' stands twice in the same mapping` }
    case 'MISSING_CHAR':
      return missingCharacter(error, text)
    case 'MULTIPLE_DOCS':
      return { offset, message: 'the file holds more than one YAML document', hint: "remove the line '---'" }
    case 'BAD_SCALAR_START':
      return {
        offset,
        message: `a value may not start with ${text[offset]}`,
        hint: 'put the value in quotes',
      }
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return misaligned(offset)
    case 'UNEXPECTED_TOKEN':
      return /["']/.test(text[offset - 1] ?? '') ? textAfterQuote(offset) : otherwise(error)
    default:
      return otherwise(error)
  }
}

function misaligned(offset: number): SyntaxMessage {
  return {
    offset,
    message: 'the indentation does not fit, or a value with a colon is not in quotes',
    hint: 'align keys of the same mapping; put a value that holds ": " in quotes',
  }
}

function textAfterQuote(offset: number): SyntaxMessage {
  return {
    offset,
    message: 'the text goes on after its closing quote',
    hint: "double a ' inside single quotes ('it''s'), or put the text in double quotes",
  }
}

function missingCharacter(error: YAMLParseError, text: string): SyntaxMessage {
  const quote = /Missing closing (["'])/.exec(error.message)?.[1]
  if (!quote) return misaligned(error.pos[0])
  return { offset: openingQuote(text, error.pos[0], quote), message: `a quote (${quote}) is never closed` }
}

function otherwise({ message, pos }: YAMLParseError): SyntaxMessage {
  const bracket = /end with a ([\]}])/.exec(message)?.[1]
  if (bracket)
    return {
      offset: pos[0],
      message: `a ${bracket} is missing, here or on a line above`,
      hint: `close it with ${bracket}`,
    }
  return { offset: pos[0], message: `this is not valid YAML: ${uncapitalized(message)}` }
}

/** The quoted scalar runs to the end of the text, so it opens at the last quote that follows a separator. */
function openingQuote(text: string, end: number, quote: string): number {
  for (let at = text.lastIndexOf(quote, end); at > 0; at = text.lastIndexOf(quote, at - 1))
    if (/[\s[{,:-]/.test(text[at - 1]!)) return at
  return Math.max(0, text.indexOf(quote))
}

function wordAt(text: string, offset: number): string {
  return /^["']?([^\s:"']+)/.exec(text.slice(offset, offset + 200))?.[1] ?? ''
}

function uncapitalized(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
