/**
 * <wegwijs-turn>: one turn of the transcript. Properties, set once: `t`, `language`, `turn`; later `confirm(turn)` and
 * `delivery`. Event: "choose" { turn, choice }; "retry".
 *
 * The log it stands in announces every node that is added. So everything is built at once, and what happens to a turn
 * afterwards (sent, confirmed, ended) changes texts and attributes and never adds a node.
 */
import { element } from "../shared/element.js"
import { link, linkify, safeHref } from "../shared/links.js"
import { date, dateTime, hour, sameDay, timeElement } from "../shared/time.js"
import { sender } from "./texts.js"

export class Turn extends HTMLElement {
  #time
  #text
  #status
  #again

  show(turn, { t, language }) {
    this.t = t
    this.dataset.from = turn.from
    if (turn.kind) this.dataset.kind = turn.kind
    this.#time = timeElement(turn.at, moment(turn.at, language))
    this.#text = element("p", { class: "text", lang: turn.language }, turn.from === "resident" ? turn.text : linkify(turn.text))
    this.replaceChildren(
      element("p", { class: "who" }, element("strong", {}, sender(turn, t)), " ", this.#time),
      this.#text,
      ...this.#source(turn, language),
      ...this.#choices(turn),
      ...(turn.seq ? [] : this.#delivery()),
    )
    return this
  }

  /** The service has it: it may have masked a number in the text. */
  confirm(turn) {
    this.#time.dateTime = turn.at
    if (this.#text.textContent !== turn.text) this.#text.firstChild.data = turn.text
    this.delivery = "stored"
  }

  set delivery(delivery) {
    if (!this.#status) return
    this.dataset.delivery = delivery
    this.#status.firstChild.data = delivery === "stored" ? "" : this.t(delivery)
    this.#again.hidden = !["waiting", "failed"].includes(delivery)
  }

  set ended(ended) {
    for (const button of this.querySelectorAll(".choices button")) button.ariaDisabled = ended ? "true" : null
  }

  #source(turn, language) {
    const { link: source, checked_on: checked } = turn
    const href = source && safeHref(source.url)
    const address = href && link(href, source.title, { target: "_blank", rel: "noopener", hreflang: turn.language })
    address?.append(element("span", { class: "hidden" }, ` ${this.t("new_tab")}`))
    const day = checked && element("span", { class: "checked" }, this.t("checked_on"), " ", timeElement(checked, date(checked, language)))
    return address || day ? [element("p", { class: "source" }, address, " ", day)] : []
  }

  #choices(turn) {
    if (!turn.choices?.length) return []
    const buttons = turn.choices.map((choice) =>
      element("li", {}, element("button", { type: "button", onclick: (event) => this.#chosen(event, turn, choice) }, choice.label)))
    return [element("ul", { class: "choices", role: "list", lang: turn.language }, buttons)]
  }

  #chosen(event, turn, choice) {
    if (event.currentTarget.ariaDisabled === "true") return
    this.dispatchEvent(new CustomEvent("choose", { bubbles: true, detail: { turn: turn.seq, choice } }))
  }

  #delivery() {
    this.#status = element("span", {}, document.createTextNode(""))
    this.#again = element("button", { type: "button", hidden: true, onclick: () => this.dispatchEvent(new Event("retry", { bubbles: true })) }, this.t("again"))
    return [element("p", { class: "delivery" }, this.#status, " ", this.#again)]
  }
}

function moment(at, language) {
  return sameDay(at, new Date()) ? hour(at, language) : dateTime(at, language)
}

export const defineTurn = () => customElements.define("wegwijs-turn", Turn)
