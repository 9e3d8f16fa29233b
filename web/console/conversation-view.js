import { element, fill } from "../shared/element.js"
import { hour, timeElement } from "../shared/time.js"
import { keyOf } from "./shortcuts.js"
import { settings } from "./storage.js"
import { elapsed, label, languageName, spoken, t } from "./words.js"

/**
 * <conversation-view>: one open conversation with everything that can be done with it. Make a new one for each.
 *
 *   view.begin({ desk, texts })       once
 *   view.show(known)                  known: desk.view(id); also after each change
 *   view.add(turn), view.live()       the transcript, see <turn-log>
 *   view.pending = [{ id, text }]     what was sent and not yet acknowledged
 *
 * Events: "claim", "transfer", "return", "code", "wrapup", "back"; "say" and "typing" of <reply-box> pass through `reply`.
 */
export class ConversationView extends HTMLElement {
  #desk
  #known = {}

  begin({ desk, texts }) {
    this.#desk = desk
    fill(this,
      element("header", { class: "talk-head" },
        element("button", { class: "back quiet", type: "button", onclick: () => this.#send("back") }, t("app.back")),
        element("div", { class: "talk-title" },
          element("h2", { id: "talk-heading", tabindex: "-1" }, t("talk.loading")),
          element("p", { class: "talk-state" }, element("strong", {}), " ", element("span", {}))),
        element("div", { class: "talk-actions", role: "group", "aria-label": t("talk.actions") },
          this.#action("claim", "primary"), this.#action("transfer"), this.#action("return"), this.#action("code"), this.#action("wrapup"))),
      element("contacts-panel"),
      element("div", { class: "talk-middle" }, element("packet-card", { hidden: true }), element("turn-log")),
      element("div", { class: "talk-under" },
        element("p", { class: "talk-typing" }),
        element("ul", { class: "pending", hidden: true, "aria-label": t("turn.pending") })),
      element("div", { class: "talk-foot" }, element("p", { class: "claim-first" }, t("talk.claim_first")), element("reply-box")))
    this.reply.texts = texts
    this.log.begin({ name: t("talk.heading"), language: null, me: desk.me.name })
  }

  get log() {
    return this.querySelector("turn-log")
  }

  get reply() {
    return this.querySelector("reply-box")
  }

  get packet() {
    return this.querySelector("packet-card")
  }

  show(known) {
    const first = !this.#known.language
    this.#known = known
    const desk = this.#desk
    const topicName = (topic) => desk.topicName(topic, spoken())
    const topic = known.topic ?? known.packet?.subject?.topic
    const name = topic ? topicName(topic) : t("item.no_topic")
    const mine = desk.isMine(known)
    if (first && known.language) this.log.begin({ name, language: known.language, me: desk.me.name })
    this.log.name = t("talk.log", { topic: name })
    this.querySelector("h2").textContent = name
    this.#state(mine)
    this.packet.show(known.packet, topicName)
    this.querySelector("contacts-panel").show({ ...known, identity: known.packet?.identity }, { subjectName: topicName, staffName: (id) => desk.staffName(id) })
    this.querySelector(".claim-first").hidden = known.state !== "waiting"
    this.#allow({ claim: known.state === "waiting", transfer: mine, return: mine && known.channel !== "voice", code: known.channel === "voice" && ["waiting", "staff"].includes(known.state), wrapup: mine })
    this.reply.can(mine && known.channel !== "voice", known.state !== "closed" && known.state !== undefined)
    this.tick()
  }

  add(turn) {
    this.log.add(turn)
  }

  live() {
    this.log.live(this.#desk.isMine(this.#known))
  }

  tick() {
    const { state, waiting_since: since } = this.#known
    const clock = this.querySelector(".talk-clock")
    if (clock) clock.textContent = state === "waiting" && since ? elapsed(since) : ""
    this.#typing()
  }

  set pending(items) {
    const list = this.querySelector(".pending")
    list.hidden = items.length === 0
    fill(list, items.map(({ text }) => element("li", {}, element("span", {}, text), " ", element("em", {}, t("turn.pending")))))
  }

  can(name) {
    return !this.querySelector(`[data-action=${name}]`).hidden
  }

  /** To the heading: a new conversation is read from its top. */
  focus() {
    this.querySelector("h2").focus()
  }

  #state(mine) {
    const { state, owner, team, channel, language, waiting_since: since } = this.#known
    const name = owner?.name
    const text = { waiting: () => t("talk.state.waiting", { team: this.#desk.teamName(team) }), staff: () => (mine ? t("talk.state.mine") : name ? t("talk.state.staff", { name }) : t("talk.state.staff_unknown")) }[state]?.() ?? label("talk.state", state)
    const [strong, rest] = this.querySelectorAll(".talk-state > *")
    strong.textContent = text
    strong.className = `state-${mine ? "mine" : state}`
    const clock = state === "waiting" && since && [` ${t("item.waits")} `, timeElement(since, t("item.since", { time: hour(since, spoken()) })), ", ", element("span", { class: "talk-clock" })]
    fill(rest, [channel && label("channel", channel), language && languageName(language)].filter(Boolean).join(" · "), clock && " · ", clock)
  }

  #typing() {
    const typing = this.#known.typing
    const line = this.querySelector(".talk-typing")
    const fresh = typing && Date.now() - typing.at < 10_000
    const text = !fresh ? "" : typing.from === "staff" ? t("talk.staff_types", { name: typing.name }) : t("talk.resident_types")
    if (line.textContent !== text) line.textContent = text
  }

  /** Shows only what can be done; a button that goes while it has the focus hands it to the heading. */
  #allow(allowed) {
    for (const button of this.querySelectorAll("[data-action]")) {
      const focused = button === document.activeElement
      button.hidden = !allowed[button.dataset.action]
      if (focused && button.hidden) this.focus()
    }
  }

  #action(name, kind = "") {
    const keys = settings.keys ? keyOf(name) : null
    return element("button", { type: "button", class: kind, "data-action": name, hidden: true, title: keys, "aria-keyshortcuts": keys, onclick: () => this.#send(name) }, t(`talk.${name}`))
  }

  #send(type) {
    this.dispatchEvent(new Event(type))
  }
}
