import { element, fill } from "../shared/element.js"
import { dateTime, hour, timeElement } from "../shared/time.js"
import { remember, settings } from "./storage.js"
import { label, languageName, plain, spoken, sure, t } from "./words.js"

/**
 * <packet-card>: what the colleague should know before the first word, so that the resident need not say it again.
 * `show(packet, topicName)` with a packet of protocol.md section 5; `topicName(id)` gives a topic's name.
 */
export class PacketCard extends HTMLElement {
  show(packet, topicName) {
    const state = JSON.stringify([packet, spoken()])
    if (this.dataset.state === state) return
    this.dataset.state = state
    this.hidden = !packet
    if (!packet) return
    fill(this,
      element("details", { open: settings.packet, ontoggle: (event) => remember("packet", event.target.open) },
        element("summary", {}, element("h3", {}, t("packet.heading")), element("span", { class: "packet-short" }, packet.question ?? label("reason", packet.reason))),
        element("div", { class: "packet-body", tabindex: "0", role: "group", "aria-label": t("packet.heading") },
          story(packet, topicName), around(packet))))
  }

  /** For the shortcut: opens the card and goes to it. */
  focus() {
    const card = this.querySelector("details")
    if (!card) return
    card.open = true
    card.querySelector("summary").focus()
  }
}

/** Why, what was asked, and what the bot made of it. */
function story(packet, topicName) {
  const unknown = t("packet.unknown")
  const tried = (one) => subjectText(typeof one === "string" ? { topic: one } : one, topicName) || plain(one)
  return element("dl", {},
    row("why", label("reason", packet.reason), "wide"),
    row("question", packet.question ? element("q", { lang: packet.language }, packet.question) : unknown, "wide"),
    row("subject", subjectText(packet.subject, topicName) || unknown),
    row("tried", listOf(packet.tried, tried, t("packet.nothing_tried"))),
    row("understood", listOf(packet.understanding, (one) => understood(one, topicName), unknown)),
    row("slots", listOf(packet.slots, (slot) => slotText(slot, topicName), unknown)))
}

/** Where from, since when and who. The page is what the resident's browser said: text, never a link to follow. */
function around({ channel, language, identity, waiting_since: since, page }) {
  const unknown = t("packet.unknown")
  return element("dl", { class: "around" },
    row("channel", [channel && label("channel", channel), language && languageName(language)].filter(Boolean).join(", ") || unknown),
    row("identity", identity ? t("packet.verified", { level: identity.level, time: dateTime(identity.verified_at, spoken()) }) : unknown),
    row("waiting", since ? timeElement(since, hour(since, spoken())) : unknown),
    row("page", page ? pageText(page) : unknown))
}

function row(name, value, wide = "") {
  const term = name === "channel" ? [t("packet.channel"), " / ", t("packet.language")] : t(`packet.${name}`)
  return element("div", { class: wide }, element("dt", {}, term), element("dd", {}, value))
}

function listOf(items, text, none) {
  if (!items?.length) return none
  return element("ul", {}, items.map((item) => element("li", {}, text(item))))
}

export function subjectText(subject, topicName) {
  if (!subject?.topic) return ""
  return [topicName(subject.topic), subject.aspect && label("aspect", subject.aspect)].filter(Boolean).join(": ")
}

/** The bot names a topic or an intent; both have a name for people. */
function understood({ intent, confidence }, topicName) {
  const name = topicName(intent) !== intent ? topicName(intent) : label("intent", intent)
  return confidence == null ? name : `${name}, ${sure(confidence)}`
}

function slotText({ name, value, confidence, source }, topicName) {
  const shown = name === "topic" ? topicName(value) : name === "aspect" ? label("aspect", value) : plain(value)
  const note = [source && t("packet.from", { source: label("packet.source", source).toLowerCase() }), confidence != null && sure(confidence)].filter(Boolean).join(", ")
  return [element("strong", {}, `${label("slot", name)}: `), shown, note && element("span", { class: "row-meta" }, ` (${note})`)]
}

function pageText(page) {
  try {
    const { pathname, host } = new URL(page)
    return host + (pathname === "/" ? "" : pathname)
  } catch {
    return page
  }
}
