/**
 * <wegwijs-ending>: what remains when a conversation is over: a rating that can be skipped, the transcript as a
 * file, and a new conversation. Methods: label(t), show({ rated }), focus().
 * Events: "rate" { score, comment }; "download"; "fresh".
 */
import { element } from "../shared/element.js"
import { icon } from "./icons.js"

const SCORES = [1, 2, 3, 4, 5]

export class Ending extends HTMLElement {
  #title = element("h3", { tabindex: -1 })
  #legend = element("legend")
  #scores = SCORES.map(() => element("span", { class: "hidden" }))
  #scale = element("p", { id: "scale" })
  #comment = element("label", { for: "comment" })
  #error = element("p", { id: "score-error", class: "error", role: "alert" })
  #rate = element("button", { type: "submit", class: "primary" })
  #skip = element("button", { type: "button", onclick: () => this.#done("") })
  #thanks = element("p", { role: "status" })
  #save = element("span")
  #fresh = element("button", { type: "button", class: "primary fresh", onclick: () => this.dispatchEvent(new Event("fresh")) })
  #form = element("form", { novalidate: true, onsubmit: (event) => this.#submit(event) },
    element("fieldset", { "aria-describedby": "scale score-error" }, this.#legend, this.#scale, element("div", { class: "scores" },
      SCORES.map((score, place) => element("label", { class: "score" }, element("input", { type: "radio", name: "score", value: score }),
        element("span", {}, `${score} `, this.#scores[place]))))),
    this.#comment, element("textarea", { id: "comment", name: "comment", rows: 2, maxlength: 1000, autocomplete: "off" }),
    this.#error, element("div", { class: "buttons" }, this.#rate, this.#skip))

  connectedCallback() {
    if (this.firstChild) return
    const save = element("button", { type: "button", onclick: () => this.dispatchEvent(new Event("download")) }, icon("save"), this.#save)
    this.append(this.#title, element("div", { class: "buttons" }, save, this.#fresh), this.#form, this.#thanks)
  }

  label(t) {
    this.t = t
    this.#title.textContent = t("ended")
    this.#legend.textContent = t("rating")
    this.#scores.forEach((score, place) => (score.textContent = t(`score_${place + 1}`)))
    this.#scale.textContent = t("scale")
    this.#comment.textContent = t("comment")
    this.#rate.textContent = t("rate")
    this.#skip.textContent = t("skip")
    this.#save.textContent = t("download")
    this.#fresh.textContent = t("fresh")
  }

  show({ rated }) {
    this.#form.hidden = Boolean(rated)
    this.#thanks.textContent = ""
    this.#form.reset()
  }

  focus() {
    this.#title.focus()
  }

  #submit(event) {
    event.preventDefault()
    const { score, comment } = Object.fromEntries(new FormData(this.#form))
    this.#error.textContent = score ? "" : this.t("no_score")
    if (!score) return this.#form.querySelector("input").focus()
    this.dispatchEvent(new CustomEvent("rate", { detail: { score: Number(score), comment: comment.trim() } }))
    this.#done(this.t("thanks"))
  }

  /** The form held the focus and goes: the heading takes it. */
  #done(words) {
    this.#form.hidden = true
    this.#thanks.textContent = words
    this.focus()
  }
}

export const defineEnding = () => customElements.define("wegwijs-ending", Ending)
