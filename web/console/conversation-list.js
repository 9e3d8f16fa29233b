import { element, fill } from "../shared/element.js"
import { hour, timeElement } from "../shared/time.js"
import { elapsed, label, languageName, spoken, t } from "./words.js"
import { keyed } from "./keyed.js"

const LONG = 5 * 60_000                          // ms of waiting that the list marks in bold

/**
 * <conversation-list kind="waiting|mine">: one row a conversation. `rows` are summaries with `topicName`, `unread`, `draft`
 * and `current`. Events: "choose" and "claim", each with `conversation`. Rows are kept between changes, so that the
 * keyboard's focus stays where it was.
 */
export class ConversationList extends HTMLElement {
  connectedCallback() {
    const kind = this.getAttribute("kind")
    fill(this,
      element("section", { "aria-labelledby": `${kind}-heading` },
        element("h2", { id: `${kind}-heading`, tabindex: "-1" }, t(`lists.${kind}`), " ", element("span", { class: "count" })),
        element("p", { class: "empty" }, t(`lists.${kind}_empty`)),
        element("ol", { class: "rows" })))
  }

  set rows(rows) {
    this.querySelector(".count").textContent = rows.length || ""
    this.querySelector(".empty").hidden = rows.length > 0
    const list = this.querySelector("ol")
    list.hidden = rows.length === 0
    keyed(list, rows, (row) => row.conversation, () => this.#build(), (item, row) => this.#show(item, row, rows.indexOf(row) + 1))
    this.tick()
  }

  /** Moves the clocks on. */
  tick() {
    for (const clock of this.querySelectorAll(".clock")) {
      const since = clock.dataset.since
      clock.textContent = since ? elapsed(since) : ""
      clock.classList.toggle("long", this.getAttribute("kind") === "waiting" && Date.now() - new Date(since) > LONG)
    }
  }

  /** To the first row, or to the heading when there is none. */
  focus() {
    (this.querySelector(".choose") ?? this.querySelector("h2")).focus()
  }

  #build() {
    const waiting = this.getAttribute("kind") === "waiting"
    const item = element("li", { class: "row" })
    const id = () => item.dataset.key
    return fill(item,
      element("button", { class: "choose", type: "button", onclick: () => this.#send("choose", id()) },
        element("span", { class: "row-head" }, element("span", { class: "row-topic" }), " ", element("span", { class: "row-unread" })), element("span", { class: "row-text" }), element("span", { class: "row-meta row-reason" }), element("span", { class: "row-meta row-where" })),
      element("p", { class: "row-wait" }, element("span", { class: "clock", "aria-hidden": "true" }), element("span", { class: "hidden since" })),
      waiting && element("button", { class: "claim", type: "button", onclick: () => this.#send("claim", id()) }, t("item.claim")))
  }

  #show(item, row, position) {
    const waiting = this.getAttribute("kind") === "waiting"
    const since = waiting && row.waiting_since
    const part = (name) => item.querySelector(name)
    const put = (name, text) => part(name).textContent !== text && (part(name).textContent = text)
    item.classList.toggle("current", row.current)
    part(".choose").setAttribute("aria-current", row.current ? "true" : "false")
    put(".row-topic", row.topicName)
    put(".row-unread", row.unread ? t("item.unread", { count: row.unread }) : "")
    put(".row-text", row.last_text ?? "")
    part(".row-text").lang = row.language ?? ""
    put(".row-reason", waiting && row.reason ? label("why", row.reason) : "")
    put(".row-where", [label("channel", row.channel), row.language !== "nl" && languageName(row.language), row.teamName, row.draft && t("item.draft")].filter(Boolean).join(" · "))
    part(".clock").dataset.since = since || ""
    if (part(".since").dataset.since !== since) fill(part(".since"), since && [`${t("item.waits")} `, timeElement(since, t("item.since", { time: hour(since, spoken()) }))])
    part(".since").dataset.since = since
    part(".claim")?.setAttribute("aria-label", t("item.claim_this", { position, topic: row.topicName }))
  }

  #send(type, conversation) {
    this.dispatchEvent(Object.assign(new Event(type), { conversation }))
  }
}
