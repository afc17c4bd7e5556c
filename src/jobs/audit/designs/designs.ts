import { believed } from './believed.ts'
import { clustered, switchback } from './clustered.ts'
import { atTheMargin, decided } from './decided.ts'
import type { Design } from './design.ts'
import { ordinary } from './ordinary.ts'
import { segmented } from './segmented.ts'
import { postStratified, stratified, unevenStrata } from './stratified.ts'
import { watched } from './watched.ts'

/** Every made-up experiment, by which all methods together are audited. */
export const designs: readonly Design[] = [
  ordinary,
  stratified,
  postStratified,
  unevenStrata,
  clustered,
  switchback,
  segmented,
  ...watched,
  believed,
  decided,
  atTheMargin,
]
