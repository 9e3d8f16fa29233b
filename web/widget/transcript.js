/**
 * <wegwijs-transcript>: the log. Methods: say(turns), recall(turns), send(entry), clear(), label(t, language).
 *
 * A turn that is new is announced once, because it is one node added to a polite log. History is put in while the log
 * is switched off, and new turns wait until it is on again: screen readers look at the switch a moment after the change.
 */
import { element } from "../shared/element.js"

const SETTLE = 150

export class Transcript extends HTMLElement {
  #list = element("ol", { class: "turns", role: "list" })
  #log = element("div", { role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-atomic": "false" }, this.#list)
  #bySeq = new Map()
  #byId = new Map()
  #queue = Promise.resolve()
  #ended = false

  connectedCallback() {
    if (!this.#log.isConnected) this.append(this.#log)
  }

  label(t, language) {
    Object.assign(this, { t, language })
    this.#log.ariaLabel = t("messages")
  }

  /** Adds what is new. */
  say(turns) {
    return this.#inTurn(() => turns.forEach((turn) => this.#put(turn)))
  }

  /** Adds what was said before, in silence. */
  recall(turns, entries = []) {
    return this.#inTurn(async () => {
      this.#log.ariaLive = "off"
      turns.forEach((turn) => this.#put(turn))
      entries.forEach((entry) => this.#show(entry))
      await new Promise((done) => setTimeout(done, SETTLE))
      this.#log.ariaLive = "polite"
    })
  }

  /** Shows where a resident's own words are: under way, waiting, refused or stored. */
  send(entry) {
    return this.#inTurn(() => this.#show(entry))
  }

  clear() {
    return this.#inTurn(() => {
      this.#list.replaceChildren()
      this.#bySeq.clear()
      this.#byId.clear()
      this.#ended = false
    })
  }

  set ended(ended) {
    this.#inTurn(() => {
      this.#ended = ended
      for (const turn of this.#bySeq.values()) turn.ended = ended
    })
  }

  #inTurn(change) {
    return (this.#queue = this.#queue.then(change).catch((error) => console.error("Wegwijs:", error)))
  }

  #put(turn) {
    if (this.#bySeq.has(turn.seq)) return
    const own = this.#byId.get(turn.id)
    if (!own) return this.#add(turn)
    own.confirm(turn)
    this.#bySeq.set(turn.seq, own)
  }

  #show({ id, text, at, delivery }) {
    if (!this.#byId.has(id)) this.#add({ id, from: "resident", text, at, language: this.language })
    this.#byId.get(id).delivery = delivery
  }

  #add(turn) {
    const shown = document.createElement("wegwijs-turn").show(turn, this)
    shown.ended = this.#ended
    if (turn.id) this.#byId.set(turn.id, shown)
    const item = element("li", {}, shown)
    this.#list.insertBefore(item, turn.seq ? this.#firstUnsent() : null)
    if (turn.seq) this.#bySeq.set(turn.seq, shown)
    this.dispatchEvent(new CustomEvent("added", { detail: { item, turn } }))
  }

  /** Words without a number yet stay below everything that has one. */
  #firstUnsent() {
    const unsent = [...this.#list.children].findIndex(({ firstChild }) => firstChild.dataset.delivery && firstChild.dataset.delivery !== "stored")
    return this.#list.children[unsent] ?? null
  }
}

export const defineTranscript = () => customElements.define("wegwijs-transcript", Transcript)
