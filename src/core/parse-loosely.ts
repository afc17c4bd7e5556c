import {
  Composer,
  type Document,
  type DocumentOptions,
  type LineCounter,
  type ParseOptions,
  Parser,
  parseDocument,
  type SchemaOptions,
} from 'yaml'

/*
 * YAML as PyYAML takes it, and so dbt. Text in quotes, and lists and mappings in brackets, end where they are closed:
 * how far their further lines are indented means nothing. A comment may follow a closing quote at once. The parser that
 * we use holds both against a file.
 */

/** Parses one document; what is wrong with it is among its errors. */
export function parseLoosely(
  text: string,
  lines: LineCounter,
  options: ParseOptions & DocumentOptions & SchemaOptions,
): Document.Parsed {
  const strict = parseDocument(text, { ...options, lineCounter: lines })
  if (strict.errors.length === 0) return strict
  const parser = new Parser()
  loosen(parser)
  const [loose, second] = new Composer(options).compose(parser.parse(text), true, text.length)
  const errors = loose!.errors.filter(({ message }) => !message.startsWith('Comments must be separated'))
  // The strict parser says better what is wrong.
  if (second || errors.length > 0) return strict
  loose!.errors = errors
  return loose!
}

/** What the parser's lexer has and its types hide. */
interface Lexer {
  /** How far a line has to be indented to go on with what the one before began. */
  indentNext: number
  parseQuotedScalar(): Generator<string, unknown>
  parseFlowCollection(): Generator<string, unknown>
}

function loosen(parser: Parser): void {
  const { lexer } = parser as unknown as { readonly lexer: Lexer }
  for (const name of ['parseQuotedScalar', 'parseFlowCollection'] as const) {
    const strict = lexer[name].bind(lexer)
    lexer[name] = function* () {
      const { indentNext } = lexer
      lexer.indentNext = 0
      const next = yield* strict()
      lexer.indentNext = indentNext
      return next
    }
  }
}
