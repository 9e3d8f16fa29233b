/**
 * <mine-contact>: one conversation: its reports, dates, transcript, contact details, and the way to erase it.
 * Property `shown`: { contact, t, language }. Methods: turns(list), stays(code), say(text).
 * Events: "read"; "erase"; "correct" { id, value }.
 */
import { element, fill } from "../shared/element.js"
import { safeHref } from "../shared/links.js"
import { date, dateTime, timeElement } from "../shared/time.js"

export class ContactCard extends HTMLElement {
  #turns = element("ol", { class: "turns", hidden: true, tabindex: -1 })
  #read = element("button", { type: "button", "aria-expanded": "false", onclick: () => this.#toggle() })
  #ending = element("div")
  #details = element("div")
  #told = element("div", { class: "error", role: "alert" })

  set shown({ contact, t, language }) {
    Object.assign(this, { contact, t, language })
    this.#read.textContent = t("read")
    fill(this, element("article", { class: "contact", "aria-labelledby": `at-${contact.id}` },
      element("h2", { id: `at-${contact.id}`, tabindex: -1 }, t("contact", { when: this.when })),
      this.#facts(), this.#moments(), this.#details, element("div", { class: "buttons" }, contact.turns ? this.#read : null), this.#turns,
      this.#told, this.#ending))
    this.#turns.ariaLabel = t("read")
    this.#showDetails()
    this.#showEnding()
  }

  get when() {
    return dateTime(this.contact.began_at, this.language)
  }

  focus() {
    this.querySelector("h2").focus()
  }

  /** Why it cannot be done, or what went wrong. */
  say(text) {
    this.#told.textContent = text
  }

  stays(code) {
    this.contact.stays = code
    this.#showEnding()
    this.#ending.querySelector("p").focus()
  }

  turns(list) {
    const { t, language } = this
    fill(this.#turns, list.map((turn) => element("li", {},
      element("p", { class: "who" }, `${t(`from_${turn.from}`)}, `, timeElement(turn.at, dateTime(turn.at, language))),
      element("p", {}, turn.text || t("removed")), this.#link(turn.link))))
    this.#open(true)
    this.#turns.focus()
  }

  #link(link) {
    const href = link && safeHref(link.url)
    return href && element("p", {}, element("a", { href, rel: "noopener noreferrer" }, link.title))
  }

  #toggle() {
    if (!this.#turns.hidden) return this.#open(false)
    this.dispatchEvent(new Event("read"))
  }

  #open(open) {
    this.#turns.hidden = !open
    this.#read.ariaExpanded = String(open)
    this.#read.textContent = this.t(open ? "fold" : "read")
  }

  #facts() {
    const { t, contact, language } = this
    const on = (at) => (at ? date(at, language) : t("unknown"))
    const channel = ["web", "voice"].includes(contact.channel) ? t(`channels_${contact.channel}`) : contact.channel
    const rows = [["reference", contact.reference], ["channel", channel], ["kept", on(contact.kept.words_until)], ["destroyed", on(contact.kept.destroyed_at)]]
    return element("dl", {}, rows.map(([name, value]) => [element("dt", {}, t(name)), element("dd", {}, value)]))
  }

  #moments() {
    const { t, contact } = this
    if (!contact.moments.length) return element("p", {}, t("no_moments"))
    return element("ul", { class: "moments" }, contact.moments.map((moment) => element("li", {},
      element("h3", {}, `${t("subject")}: ${moment.subject}`), element("p", { class: "report" }, moment.report))))
  }

  #showDetails() {
    const { t, contact } = this
    if (!contact.details.length) return fill(this.#details)
    fill(this.#details, element("h3", {}, t("details")), element("ul", { class: "details" }, contact.details.map((detail) => this.#detail(detail))))
  }

  #detail(detail) {
    const { t } = this
    const kind = t(`kind_${detail.kind}`)
    const place = element("li", {}, `${kind}: ${detail.value} `)
    const change = element("button", { type: "button", "aria-label": t("correct_of", { kind, value: detail.value }), onclick: () => this.#correct(place, detail) }, t("correct"))
    if (this.contact.stays !== "held") place.append(change)
    return place
  }

  #correct(place, detail) {
    const { t } = this
    const id = `value-${detail.id}`
    const field = element("input", { id, name: "value", required: true, maxlength: 200, autocomplete: { phone: "tel", email: "email", name: "name" }[detail.kind],
      type: { phone: "tel", email: "email" }[detail.kind] ?? "text", value: detail.value })
    const form = element("form", { novalidate: true }, element("label", { for: id }, t("new_value")), field,
      element("div", { class: "buttons" }, element("button", { type: "submit", class: "primary" }, t("save")),
        element("button", { type: "button", onclick: () => this.#back(place, detail) }, t("cancel"))))
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      this.dispatchEvent(new CustomEvent("correct", { detail: { id: detail.id, value: field.value } }))
    })
    fill(place, form)
    field.focus()
  }

  #back(place, detail) {
    const fresh = this.#detail(detail)
    place.replaceWith(fresh)
    fresh.querySelector("button")?.focus()
  }

  /** What was asked to change did: shows it. */
  corrected({ id, value }) {
    this.contact.details.find((detail) => detail.id === id).value = value
    this.#showDetails()
    this.#details.querySelector("button")?.focus()
  }

  #showEnding() {
    const { t, contact } = this
    if (contact.stays) return fill(this.#ending, element("p", { tabindex: -1 }, t(`stays_${contact.stays}`)))
    fill(this.#ending, element("button", { type: "button", class: "danger", onclick: () => this.#askToErase() }, t("erase")))
  }

  #askToErase() {
    const { t } = this
    const id = `sure-${this.contact.id}`
    const no = element("button", { type: "button", onclick: () => this.#keep() }, t("no"))
    fill(this.#ending, element("div", { role: "group", "aria-labelledby": id }, element("p", { id }, t("sure", { when: this.when })),
      element("div", { class: "buttons" }, element("button", { type: "button", class: "danger", onclick: () => this.dispatchEvent(new Event("erase")) }, t("yes")), no)))
    no.focus()
  }

  #keep() {
    this.#showEnding()
    this.#ending.querySelector("button").focus()
  }
}

export const defineContactCard = () => customElements.define("mine-contact", ContactCard)
