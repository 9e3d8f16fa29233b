import { element, fill } from "../shared/element.js"
import { link, linkify } from "../shared/links.js"
import { date, hour, sameDay, timeElement } from "../shared/time.js"
import { languageName, spoken, sure, t } from "./words.js"

const NEAR = 80                                  // px from the bottom that count as "reading along"

/**
 * <turn-log>: the transcript of one conversation. Make a new one for each conversation.
 *
 *   log.begin({ name, language, me })   name: for assistive technology; me: my staff name
 *   log.add(turn)                       in order of `pos`; a pos that is there already changes nothing
 *   log.live(reading)                   history is in: from now on new turns are announced, once each. `reading`: go to
 *                                       the end even if that moves the handover card out of sight
 */
export class TurnLog extends HTMLElement {
  #turns = new Map()                             // pos → its <li>
  #about = {}
  #following = true                              // was at the end: stays there when the room changes
  #room = new ResizeObserver(() => this.#following && this.#live && this.#scroller !== document.scrollingElement && this.#toEnd())
  #scrolled = () => {
    this.#following = this.#atEnd()
    if (this.#following && this.#newer) this.#newer.hidden = true
  }

  begin({ name, language, me }) {
    this.#about = { language, me }
    this.#turns.clear()
    fill(this,
      element("div", { class: "log", role: "log", "aria-live": "off", "aria-label": name, tabindex: "0" }, element("ol", { class: "turns" })),
      element("button", { class: "newer", type: "button", hidden: true, onclick: () => this.#toEnd() }, t("talk.newer")))
  }

  connectedCallback() {
    document.addEventListener("scroll", this.#scrolled, { passive: true, capture: true })
    this.#room.observe(this.parentElement)
  }

  disconnectedCallback() {
    document.removeEventListener("scroll", this.#scrolled, { capture: true })
    this.#room.disconnect()
  }

  add(turn) {
    if (this.#turns.has(turn.pos)) return
    const stay = this.#live && !this.#atEnd() && !this.#isMe(turn)
    const item = this.#build(turn)
    const after = [...this.#turns.keys()].filter((pos) => pos > turn.pos)
    const next = after.length ? this.#turns.get(Math.min(...after)) : null
    this.#turns.set(turn.pos, item)
    this.#log.firstElementChild.insertBefore(item, next)
    this.#markDay(item)
    if (stay) this.#newer.hidden = false
    else if (this.#live) this.#toEnd()
  }

  live(reading) {
    if (reading || this.#scroller === this.#log) this.#toEnd()
    requestAnimationFrame(() => requestAnimationFrame(() => this.isConnected && this.#log.setAttribute("aria-live", "polite")))
  }

  set name(name) {
    this.#log.setAttribute("aria-label", name)
  }

  focus() {
    this.#log.focus()
  }

  get #log() {
    return this.querySelector(".log")
  }

  /** What scrolls depends on the room there is: the log, the log with the card above it, or the whole page. */
  get #scroller() {
    const scrolls = (node) => getComputedStyle(node).overflowY === "auto"
    return [this.#log, this.parentElement].find((node) => node && scrolls(node)) ?? document.scrollingElement
  }

  get #newer() {
    return this.querySelector(".newer")
  }

  get #live() {
    return this.#log.getAttribute("aria-live") === "polite"
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight < NEAR
  }

  #toEnd() {
    if (this.#newer === document.activeElement) this.#log.focus()
    this.#newer.hidden = true
    this.#scroller.scrollTop = this.#scroller.scrollHeight
  }

  #isMe(turn) {
    return turn.from === "staff" && turn.name === this.#about.me
  }

  #build(turn) {
    const kind = turn.suppressed ? "suppressed" : turn.note ? "note" : turn.from
    return element("li", { class: `turn ${kind}`, "data-at": turn.at, "data-pos": turn.pos },
      element("p", { class: "turn-head" }, element("strong", {}, this.#who(turn)), " ", mark(turn), " ",
        element("span", { class: "turn-when" }, this.#languageMark(turn), timeElement(turn.at, hour(turn.at, spoken())))),
      element("p", { class: "turn-text", lang: turn.language }, said(turn)),
      turn.choices?.length > 0 && element("p", { class: "turn-choices" }, `${t("turn.choices")} `, element("span", { lang: turn.language }, turn.choices.map((choice) => choice.label).join(" · "))),
      turn.link && element("p", { class: "turn-source" }, link(turn.link.url, turn.link.title ?? turn.link.url, { target: "_blank", rel: "noopener noreferrer", lang: turn.language }),
        turn.checked_on && [" · ", t("turn.checked", { date: date(turn.checked_on, spoken()) })]),
      turn.spoken && element("p", { class: "turn-source", lang: turn.language }, t("turn.spoken", { text: turn.spoken })),
      turn.special && element("p", { class: "turn-special" }, t("turn.special", { kinds: turn.special.map((kind) => t(`turn.special_${kind}`)).join(t("turn.special_and")) })),
      turn.from === "resident" && turn.confidence != null && element("p", { class: "turn-source" }, t("turn.confidence", { sure: sure(turn.confidence) })))
  }

  #who(turn) {
    if (turn.from !== "staff") return t(`who.${turn.from}`)
    return this.#isMe(turn) ? t("who.me", { name: turn.name }) : `${turn.name}, ${t("who.staff").toLowerCase()}`
  }

  #languageMark({ language }) {
    return language && language !== this.#about.language && element("span", { class: "turn-language" }, `${languageName(language)} `)
  }

  /** A date above the first turn of a day; `prepend` keeps it one announcement with its turn. */
  #markDay(item) {
    const before = item.previousElementSibling
    if (before ? sameDay(before.dataset.at, item.dataset.at) : sameDay(item.dataset.at, new Date())) return
    item.prepend(element("p", { class: "turn-day" }, date(item.dataset.at, spoken())))
  }
}

/** Residents' words stay words: a link of theirs is nothing to click on at a desk. */
const said = ({ from, text }) => (from === "resident" ? text : linkify(text))

function mark({ note, suppressed }) {
  const name = suppressed ? "suppressed" : note ? "note" : null
  return name && [element("span", { class: "turn-mark" }, t(`turn.${name}`)), element("span", { class: "turn-hint" }, ` ${t(`turn.${name}_hint`)}`)]
}
