/**
 * <wegwijs-composer>: where the resident types. Property: `draft`. Methods: label(t), focus(), complain(key).
 * Events: "say" { text }; "draft" { text }; "typing" { on }.
 */
import { element } from "../shared/element.js"
import { icon } from "./icons.js"

const LONGEST = 2000
const COUNT_FROM = 1800
const TYPING_PAUSE = 4000

export class Composer extends HTMLElement {
  #label = element("label", { for: "message" })
  #field = element("textarea", { id: "message", rows: 1, autocomplete: "off", "aria-describedby": "count message-error", enterkeyhint: "send" })
  #send = element("button", { type: "submit", class: "primary send" }, element("span"), icon("send"))
  #count = element("p", { id: "count", class: "count" })
  #error = element("p", { id: "message-error", class: "error", role: "alert" })
  #typing

  connectedCallback() {
    if (this.firstChild) return
    const form = element("form", { novalidate: true, onsubmit: (event) => this.#submit(event) },
      this.#label, element("div", { class: "line" }, this.#field, this.#send), this.#count, this.#error)
    this.#field.addEventListener("input", () => this.#typed())
    this.#field.addEventListener("keydown", (event) => this.#key(event))
    this.append(form)
  }

  label(t) {
    this.t = t
    this.#label.textContent = t("question")
    this.#send.firstChild.textContent = t("send")
    this.#measure()
  }

  get draft() {
    return this.#field.value
  }

  set draft(text) {
    this.#field.value = text
    this.#measure()
  }

  focus() {
    this.#field.focus()
  }

  complain(key) {
    this.#error.textContent = key ? this.t(key) : ""
    this.#field.ariaInvalid = key ? "true" : null
  }

  #typed() {
    this.complain(null)
    this.#measure()
    this.#tell("draft", { text: this.draft })
    if (!this.#typing) this.#tell("typing", { on: true })
    clearTimeout(this.#typing)
    this.#typing = setTimeout(() => this.#rest(), TYPING_PAUSE)
  }

  #rest() {
    if (this.#typing) this.#tell("typing", { on: false })
    clearTimeout(this.#typing)
    this.#typing = null
  }

  /** Characters as people count them, and as the service does: an emoji is not two. */
  #measure() {
    const left = LONGEST - [...this.draft.trim()].length
    const show = left <= LONGEST - COUNT_FROM
    this.#count.textContent = show ? this.t(left < 0 ? "over" : "left", { count: Math.abs(left) }) : ""
    this.#field.rows = Math.min(5, Math.max(1, this.draft.split("\n").length, Math.ceil(this.draft.length / 34)))
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    this.#submit(event)
  }

  #submit(event) {
    event.preventDefault()
    const text = this.draft.trim()
    if (!text) return this.#refuse("empty")
    if ([...text].length > LONGEST) return this.#refuse("too_long")
    this.#rest()
    this.complain(null)
    this.draft = ""
    this.#tell("draft", { text: "" })
    this.#tell("say", { text })
    this.focus()
  }

  #refuse(key) {
    this.complain(key)
    this.focus()
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

export const defineComposer = () => customElements.define("wegwijs-composer", Composer)
