import { element, fill } from "../shared/element.js"
import { link } from "../shared/links.js"
import { dateTime, hour, sameDay, timeElement } from "../shared/time.js"
import { keyed } from "./keyed.js"
import { spoken, t } from "./words.js"

/**
 * <callback-list>: requests to be called back, oldest first. `rows` are call-backs with `topicName`. Events: "done" with
 * `callback`, "choose" with `conversation`.
 */
export class CallbackList extends HTMLElement {
  connectedCallback() {
    fill(this,
      element("section", { "aria-labelledby": "callbacks-heading" },
        element("h2", { id: "callbacks-heading", tabindex: "-1" }, t("lists.callbacks"), " ", element("span", { class: "count" })),
        element("p", { class: "empty" }, t("lists.callbacks_empty")),
        element("ol", { class: "rows" })))
  }

  set rows(rows) {
    this.querySelector(".count").textContent = rows.length || ""
    this.querySelector(".empty").hidden = rows.length > 0
    const list = this.querySelector("ol")
    list.hidden = rows.length === 0
    keyed(list, rows, (row) => row.callback, () => element("li", { class: "row callback" }), (item, row) => this.#show(item, row))
  }

  focus() {
    (this.querySelector("ol a, ol button") ?? this.querySelector("h2")).focus()
  }

  #show(item, row) {
    const state = JSON.stringify(row)
    if (item.dataset.state === state) return
    item.dataset.state = state
    const phone = phoneText(row.phone)
    fill(item,
      element("p", { class: "callback-who" },
        link(`tel:${row.phone}`, phone, { class: "callback-phone" }), " ",
        element("span", {}, row.name ?? t("callback.no_name"))),
      row.question && element("p", { class: "row-text" }, row.question),
      element("p", { class: "row-meta" },
        [row.topicName, row.status === "unconfirmed" && t("callback.unconfirmed"), ["morning", "afternoon"].includes(row.preferred) && t(`callback.${row.preferred}`)].filter(Boolean).map((text) => `${text} · `),
        timeElement(row.created_at, moment(row.created_at))),
      element("p", { class: "callback-actions" },
        element("button", { type: "button", "aria-label": t("callback.done_this", { phone }), onclick: () => this.#send("done", { callback: row.callback }) }, t("callback.done")),
        element("button", { class: "quiet", type: "button", "aria-label": t("callback.open_this", { phone }), onclick: () => this.#send("choose", { conversation: row.conversation }) }, t("callback.open"))))
  }

  #send(type, detail) {
    this.dispatchEvent(Object.assign(new Event(type), detail))
  }
}

const moment = (at) => (sameDay(at, new Date()) ? hour : dateTime)(at, spoken())

/** "+31612345678" → "06 1234 5678"; numbers from elsewhere stay as they are. */
export function phoneText(phone) {
  const dutch = /^\+31(\d{9})$/.exec(phone)?.[1]
  if (!dutch) return phone
  return dutch.startsWith("6") ? `06 ${dutch.slice(1, 5)} ${dutch.slice(5)}` : `0${dutch.slice(0, 2)} ${dutch.slice(2, 5)} ${dutch.slice(5)}`
}
