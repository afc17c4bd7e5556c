/*
 * Who chooses next when that hangs on what is left: the chooser whose nearest control that is left is the closest of all,
 * or the farthest.
 */

/** What a chooser would take now. */
export interface Offer {
  readonly control: number
  readonly distance: number
}

export interface OfferBook {
  /** The chooser's nearest control that is left, or null. */
  readonly offerTo: (place: number) => Offer | null
  /** What is done with the pair; the control is gone then. */
  readonly take: (place: number, offer: Offer) => void
}

/**
 * Lets choosers, places 0 to size − 1, take their nearest control one after the other, the one with the closest first, or
 * with the farthest; of equal ones the first in the data. Whose control was taken by another asks anew.
 *
 * A heap of offers. A control that is gone makes the offers of those who wanted it only longer: for the closest first such an
 * offer is renewed when it comes up, for the farthest first at once.
 */
export function takeByDistance(size: number, book: OfferBook, first: 'closest' | 'farthest'): void {
  const sign = first === 'closest' ? 1 : -1
  const current: (Offer | null)[] = []
  const wanting = new Map<number, number[]>()
  const heap: Entry[] = []
  const isTaken = new Set<number>()
  const ask = (place: number): void => {
    const offer = book.offerTo(place)
    current[place] = offer
    if (!offer) return
    const others = wanting.get(offer.control)
    if (others) others.push(place)
    else wanting.set(offer.control, [place])
    push(heap, { key: sign * offer.distance, place, offer })
  }
  for (let place = 0; place < size; place++) ask(place)
  for (let entry = pop(heap); entry; entry = pop(heap)) {
    const { place, offer } = entry
    if (current[place] !== offer) continue
    if (isTaken.has(offer.control)) {
      ask(place)
      continue
    }
    book.take(place, offer)
    isTaken.add(offer.control)
    current[place] = null
    const others = wanting.get(offer.control)!
    wanting.delete(offer.control)
    if (first === 'farthest')
      for (const other of others) if (current[other]?.control === offer.control) ask(other)
  }
}

interface Entry {
  readonly key: number
  readonly place: number
  readonly offer: Offer
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.key < b.key || (a.key === b.key && a.place < b.place)
}

function push(heap: Entry[], entry: Entry): void {
  let place = heap.push(entry) - 1
  while (place > 0) {
    const above = (place - 1) >> 1
    if (!isBefore(entry, heap[above]!)) break
    heap[place] = heap[above]!
    place = above
  }
  heap[place] = entry
}

function pop(heap: Entry[]): Entry | undefined {
  const [top] = heap
  const last = heap.pop()
  if (heap.length === 0 || !last) return top
  let place = 0
  for (;;) {
    let below = 2 * place + 1
    if (below >= heap.length) break
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
    if (!isBefore(heap[below]!, last)) break
    heap[place] = heap[below]!
    place = below
  }
  heap[place] = last
  return top
}
