import { element, fill } from "../shared/element.js"
import { date, dateTime, timeElement } from "../shared/time.js"
import { phoneText } from "./callback-list.js"
import { label, spoken, t } from "./words.js"

/**
 * <contacts-panel>: who this is as far as anybody knows, and earlier contact moments and call-backs over every channel.
 * `show({ contacts, callbacks, details, identity }, { subjectName, staffName })`. What nobody checked is called that.
 */
export class ContactsPanel extends HTMLElement {
  show({ contacts = [], callbacks = [], details = [], identity = null }, { subjectName, staffName }) {
    const state = JSON.stringify([contacts, callbacks, details, identity, spoken()])
    if (this.dataset.state === state) return
    this.dataset.state = state
    const open = this.querySelector("details")?.open ?? matchMedia("(min-width: 75rem)").matches
    fill(this,
      element("details", { open },
        element("summary", {}, element("h3", {}, t("contacts.heading"), " ", element("span", { class: "count" }, contacts.length || ""))),
        element("p", { class: identity ? "who" : "who unsure" }, identity
          ? t("contacts.known", { level: identity.level, time: dateTime(identity.verified_at, spoken()) })
          : t("contacts.not_known")),
        details.length > 0 && element("ul", { class: "contact-details", "aria-label": t("contacts.details") }, details.map(detail)),
        contacts.length
          ? element("ol", { class: "contacts" }, contacts.map((one) => contact(one, subjectName)))
          : element("p", { class: "empty" }, t("contacts.empty")),
        callbacks.length > 0 && [
          element("h4", {}, t("contacts.callbacks")),
          element("ul", { class: "contacts" }, callbacks.map((one) => callback(one, staffName)))]))
  }
}

function detail({ kind, value, source, verified_at: verified }) {
  const how = verified ? t("contacts.verified") : t("contacts.unverified", { source: label("contacts.source", source).toLowerCase() })
  return element("li", {}, element("strong", {}, kind === "phone" ? phoneText(value) : value), " ", element("span", { class: verified ? "row-meta" : "row-meta unsure" }, how))
}

function contact(one, subjectName) {
  const outcome = one.outcome ? label("outcome", one.outcome) : t("contacts.going_on")
  return element("li", {},
    element("p", { class: "contact-head" }, element("strong", {}, [one.subject ?? []].flat().map(subjectName).join(", ") || t("item.no_topic")), " ", timeElement(one.at, date(one.at, spoken()))),
    one.summary && element("p", { class: "contact-summary" }, one.summary),
    one.promised && element("p", { class: "promise" }, t("contacts.promised", { text: one.promised })),
    element("p", { class: "row-meta" }, [label("channel", one.channel), outcome, one.by && t("contacts.by", { name: one.by })].filter(Boolean).join(" · ")))
}

function callback(one, staffName) {
  const state = one.status === "unconfirmed" ? t("callback.unconfirmed") : label("callback.state", one.status)
  return element("li", {},
    element("p", { class: "contact-head" }, element("strong", {}, phoneText(one.phone)), " ", timeElement(one.created_at, date(one.created_at, spoken()))),
    one.question && element("p", {}, one.question),
    element("p", { class: "row-meta" }, [state, staffName(one.done_by) && t("contacts.by", { name: staffName(one.done_by) })].filter(Boolean).join(" · ")))
}
