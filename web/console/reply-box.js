import { element, fill } from "../shared/element.js"
import { t } from "./words.js"

const MOST = 4000
const TYPING_AGAIN = 3000                        // ms between two "typing" frames
const TYPING_ENDS = 4000

/**
 * <reply-box>: an answer to the resident, or a note for colleagues. `can(reply, note)` says what is possible now;
 * `texts` = { get(mode), keep(mode, text) } holds what was typed, also over a log-in. Events: "say" with `mode`
 * ("reply" or "note") and `text`; "typing" with `on` (replies only).
 */
export class ReplyBox extends HTMLElement {
  #texts = { get: () => "", keep() {} }
  #mode = "reply"
  #typedAt = 0
  #quiet

  set texts(texts) {
    this.#texts = texts
    this.#choose(this.#mode)
  }

  connectedCallback() {
    if (this.firstChild) return
    const mode = (name) => element("span", {},
      element("input", { type: "radio", name: "reply-mode", id: `mode-${name}`, value: name, onchange: () => this.#choose(name) }),
      element("label", { for: `mode-${name}` }, t(`reply.${name}`)))
    fill(this,
      element("form", { onsubmit: (event) => this.#submit(event) },
        element("div", { class: "reply-top" },
          element("fieldset", { class: "reply-modes" }, element("legend", { class: "hidden" }, t("reply.mode")), mode("reply"), mode("note")),
          element("p", { id: "reply-hint", class: "hint" })),
        element("label", { class: "hidden", for: "reply-text" }),
        element("div", { class: "reply-line" },
          element("textarea", { id: "reply-text", rows: "2", "aria-describedby": "reply-hint reply-error", oninput: () => this.#typed(), onkeydown: (event) => this.#key(event), onblur: () => this.#typing(false) }),
          element("button", { class: "primary", type: "submit" })),
        element("p", { id: "reply-error", class: "error", role: "alert" })))
    this.#choose(this.#mode)
  }

  disconnectedCallback() {
    clearTimeout(this.#quiet)
  }

  can(reply, note) {
    this.hidden = !reply && !note
    this.#offer("reply", reply)
    this.#offer("note", note)
    if (!reply && note && this.#mode === "reply") this.#choose("note", true)
    if (reply && this.#mode === "note" && this.dataset.forced) this.#choose("reply")
  }

  /** Goes to the box, as "reply" or "note". */
  focus(mode = this.#mode) {
    if (this.hidden || this.querySelector(`#mode-${mode}`).disabled) return
    this.#choose(mode)
    this.#area.focus()
  }

  /** Nobody types here any more. */
  rest() {
    this.#typing(false)
  }

  /** Puts back what could not be sent, before what was typed since. */
  restore(mode, text) {
    this.#texts.keep(mode, [text, this.#texts.get(mode)].filter(Boolean).join("\n"))
    if (mode === this.#mode) this.#choose(mode)
  }

  #offer(mode, on) {
    const input = this.querySelector(`#mode-${mode}`)
    input.disabled = !on
    input.parentElement.hidden = !on
  }

  get #area() {
    return this.querySelector("textarea")
  }

  #choose(mode, forced = false) {
    this.#mode = mode
    if (forced) this.dataset.forced = "true"
    else delete this.dataset.forced
    this.classList.toggle("noting", mode === "note")
    this.querySelector(`#mode-${mode}`).checked = true
    this.querySelector("label[for=reply-text]").textContent = t(mode === "note" ? "reply.note_label" : "reply.label")
    this.querySelector("#reply-hint").textContent = t(mode === "note" ? "reply.note_hint" : "reply.hint")
    this.querySelector("[type=submit]").textContent = t(mode === "note" ? "reply.save" : "reply.send")
    this.#area.value = this.#texts.get(mode)
    this.#fit()
    this.#check()
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    this.querySelector("form").requestSubmit()
  }

  #typed() {
    this.#texts.keep(this.#mode, this.#area.value)
    this.#fit()
    this.#check()
    if (this.#mode === "reply") this.#typing(this.#area.value !== "")
  }

  #submit(event) {
    event.preventDefault()
    const text = this.#area.value.trim()
    if (!text || !this.#check()) return this.#area.focus()
    this.#typing(false)
    this.#area.value = ""
    this.#texts.keep(this.#mode, "")
    this.#fit()
    this.#area.focus()
    this.dispatchEvent(Object.assign(new Event("say"), { mode: this.#mode, text }))
  }

  #check() {
    const count = [...this.#area.value.trim()].length
    const long = count > MOST
    this.#area.setAttribute("aria-invalid", String(long))
    const error = this.querySelector("#reply-error")
    if (long !== (error.textContent !== "")) error.textContent = long ? t("reply.too_long", { count }) : ""
    return !long
  }

  #fit() {
    this.#area.rows = Math.min(8, Math.max(this.dataset.forced ? 1 : 2, this.#area.value.split("\n").length))
  }

  #typing(on) {
    clearTimeout(this.#quiet)
    const now = Date.now()
    if (on) this.#quiet = setTimeout(() => this.#typing(false), TYPING_ENDS)
    if (on ? now - this.#typedAt < TYPING_AGAIN : !this.#typedAt) return
    this.#typedAt = on ? now : 0
    this.dispatchEvent(Object.assign(new Event("typing"), { on }))
  }
}
