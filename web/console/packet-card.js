import { element, fill } from "../shared/element.js"
import { link } from "../shared/links.js"
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
    const unknown = t("packet.unknown")
    const subject = subjectText(packet.subject, topicName)
    fill(this,
      element("details", { open: settings.packet, ontoggle: (event) => remember("packet", event.target.open) },
        element("summary", {}, element("h3", {}, t("packet.heading")), element("span", { class: "packet-short" }, packet.question ?? label("reason", packet.reason))),
        element("dl", { tabindex: "0", role: "group", "aria-label": t("packet.heading") },
          row("why", label("reason", packet.reason), "wide"),
          row("question", packet.question ? element("q", { lang: packet.language }, packet.question) : unknown, "wide"),
          row("subject", subject || unknown),
          row("tried", listOf(packet.tried, (one) => subjectText(typeof one === "string" ? { topic: one } : one, topicName) || plain(one), t("packet.nothing_tried"))),
          row("understood", listOf(packet.understanding, (one) => understood(one, topicName), unknown)),
          row("slots", listOf(packet.slots, (slot) => slotText(slot, topicName), unknown)),
          element("div", { class: "wide around" },
            row("channel", [packet.channel && label("channel", packet.channel), packet.language && languageName(packet.language)].filter(Boolean).join(", ")),
            row("identity", packet.identity ? t("packet.verified", { level: packet.identity.level, time: dateTime(packet.identity.verified_at, spoken()) }) : unknown),
            row("waiting", packet.waiting_since ? timeElement(packet.waiting_since, hour(packet.waiting_since, spoken())) : unknown),
            row("page", packet.page ? link(packet.page, pageText(packet.page), { target: "_blank", rel: "noopener noreferrer" }) : unknown)))))
  }

  /** For the shortcut: opens the card and goes to it. */
  focus() {
    const card = this.querySelector("details")
    if (!card) return
    card.open = true
    card.querySelector("summary").focus()
  }
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
    return pathname === "/" ? host : pathname
  } catch {
    return page
  }
}
