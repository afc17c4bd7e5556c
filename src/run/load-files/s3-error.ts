/*
 * What a store answers, in words that help. The library's own texts have neither keys nor signatures in them, but for
 * those of requests that could not be sent, of which only the code is told.
 */

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly code?: string
}

/** The status that a server answered with. */
export function statusOf(error: unknown): number | undefined {
  return (error as ServiceError).$metadata?.httpStatusCode
}

/** Whether it says that there is no such object; without the right to list, that there is none may not be said. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket'
}

/** Has an error of the library say what is wrong and what may help; others stay as they are. */
export function explainS3Error(error: unknown, refuse: (message: string, hint: string) => Error): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError' || 'problems' in error) return error
  const { name, message, code } = error as ServiceError
  const status = statusOf(error)
  if (name === 'CredentialsProviderError')
    return refuse(
      'there are no keys for it',
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or say s3: { anonymous: true } where none are needed',
    )
  if (status === undefined)
    return refuse(`the store cannot be reached: ${code ?? name}`, 'is s3: endpoint or region right?')
  if (status === 301) return refuse('the bucket lies in another region', 's3: { region: … } names it')
  if (status === 401 || status === 403)
    return refuse(
      `the store answers ${status} ${known(name)}`.trim(),
      'may these keys list the bucket (s3:ListBucket) and read from it (s3:GetObject)?',
    )
  if (name === 'NoSuchBucket') return refuse('there is no such bucket', 'is s3: endpoint or region right?')
  return refuse(`the store answers ${status} ${known(name)} ${message}`.trim(), 'nothing was loaded')
}

/** HEAD has no body that would name an error. */
function known(name: string): string {
  return /^(Unknown|UnknownError|Error|\d+)$/.test(name) ? '' : name
}
