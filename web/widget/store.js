/**
 * What one tab remembers of its conversation: { token, language, state, known, seen, draft, pending, rated }.
 * sessionStorage, not localStorage: the next visitor of a shared computer in the library must not find it.
 * A browser that forbids storage still chats; it only forgets at a reload.
 */
export class Store {
  #key
  #kept = {}

  constructor(base) {
    this.#key = `wegwijs ${base}`            // the launcher reads `state` under this key
    try {
      this.#kept = JSON.parse(sessionStorage.getItem(this.#key)) ?? {}
    } catch {
      this.#kept = {}
    }
  }

  get(name) {
    return this.#kept[name]
  }

  set(changes) {
    Object.assign(this.#kept, changes)
    this.#write()
  }

  /** Forgets the conversation; words that were not sent stay with the resident. */
  forget() {
    const { draft, language } = this.#kept
    this.#kept = { draft, language }
    this.#write()
  }

  #write() {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.#kept))
    } catch {
      // storage is full or forbidden: memory serves until the page goes
    }
  }
}
