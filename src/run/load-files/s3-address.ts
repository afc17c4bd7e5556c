/*
 * Where files lie in a store that speaks the protocol of S3.
 */

export interface S3Address {
  readonly bucket: string
  /** The name of an object, the folder of several, or a pattern. */
  readonly key: string
}

/** Whether files come from such a store. */
export function isS3Address(from: string): boolean {
  return /^s3:\/\//i.test(from)
}

/** Takes an address apart; null where it names no bucket. */
export function s3Address(from: string): S3Address | null {
  const [, bucket, key] = /^s3:\/\/([^/?*{]+)(?:\/(.*))?$/is.exec(from) ?? []
  return bucket === undefined ? null : { bucket, key: key ?? '' }
}
