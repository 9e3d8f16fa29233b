import { element, fill } from "../shared/element.js"
import { date, timeElement } from "../shared/time.js"
import { phoneText } from "./callback-list.js"
import { label, spoken, t } from "./words.js"

/** <contacts-panel>: earlier contact moments and call-backs of this resident. `show(contacts, callbacks, { subjectName, staffName })`. */
export class ContactsPanel extends HTMLElement {
  show(contacts = [], callbacks = [], { subjectName, staffName }) {
    const state = JSON.stringify([contacts, callbacks, spoken()])
    if (this.dataset.state === state) return
    this.dataset.state = state
    const open = this.querySelector("details")?.open ?? matchMedia("(min-width: 75rem)").matches
    fill(this,
      element("details", { open },
        element("summary", {}, element("h3", {}, t("contacts.heading"), " ", element("span", { class: "count" }, contacts.length || ""))),
        contacts.length
          ? element("ol", { class: "contacts" }, contacts.map((one) => contact(one, subjectName)))
          : element("p", { class: "empty" }, t("contacts.empty")),
        callbacks.length > 0 && [
          element("h4", {}, t("contacts.callbacks")),
          element("ul", { class: "contacts" }, callbacks.map((one) => callback(one, staffName)))]))
  }
}

function contact(one, subjectName) {
  return element("li", {},
    element("p", { class: "contact-head" }, element("strong", {}, [one.subject ?? []].flat().map(subjectName).join(", ") || t("item.no_topic")), " ", timeElement(one.at, date(one.at, spoken()))),
    one.summary && element("p", {}, one.summary),
    element("p", { class: "row-meta" }, [label("channel", one.channel), one.outcome && label("outcome", one.outcome), one.by && t("contacts.by", { name: one.by })].filter(Boolean).join(" · ")))
}

function callback(one, staffName) {
  const state = one.status === "unconfirmed" ? t("callback.unconfirmed") : label("callback.state", one.status)
  return element("li", {},
    element("p", { class: "contact-head" }, element("strong", {}, phoneText(one.phone)), " ", timeElement(one.created_at, date(one.created_at, spoken()))),
    one.question && element("p", {}, one.question),
    element("p", { class: "row-meta" }, [state, staffName(one.done_by) && t("contacts.by", { name: staffName(one.done_by) })].filter(Boolean).join(" · ")))
}
