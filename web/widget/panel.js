/**
 * <wegwijs-panel>: the open chat. It puts the parts together and passes news between them and the conversation.
 * `createPanel(options)` → { panel, sheet }; options: base, language, phone, contactUrl, identityUrl.
 * Events: "minimise" { focus }; "unread" (a count); "language" (a code).
 */
import { element, fill, loadSheet } from "../shared/element.js"
import { language as known, translator } from "../shared/i18n.js"
import { safeHref } from "../shared/links.js"
import { defineComposer } from "./composer.js"
import { Conversation } from "./conversation.js"
import { defineEnding } from "./ending.js"
import { siteIdentity } from "./identity.js"
import { hour } from "../shared/time.js"
import { icon } from "./icons.js"
import { Store } from "./store.js"
import { TEXTS } from "./texts.js"
import { save } from "./transcript-file.js"
import { defineTranscript } from "./transcript.js"
import { defineTurn } from "./turn.js"

const OFFLINE_AFTER = 2500                     // a short break is nobody's business
const WORKING_AFTER = 400
const TYPING_FOR = 8000
const NEAR = 96
const KEPT_DAYS = { bot: 28, staff: 90, summary: 365 }
const COVERS = matchMedia("(max-width: 32em), (max-height: 26em)")

export class Panel extends HTMLElement {
  #title = element("h2", { id: "title", tabindex: -1 })
  #who = element("p", { class: "who-line" })
  #other = element("button", { type: "button", class: "bare", onclick: () => this.#switch() })
  #minimise = tool("minimise", () => this.#leave())
  #close = tool("close", () => this.#askToEnd())
  #alert = element("div", { class: "alert", role: "alert" })
  #actions = element("div", { class: "actions" })
  #privacy = element("p", { id: "privacy", class: "privacy" })
  #hours = element("p", { class: "hours" })
  #transcript = document.createElement("wegwijs-transcript")
  #status = element("p", { class: "status", role: "status" })
  #scroll = element("div", { class: "scroll", tabindex: 0, role: "region" })
  #latest = element("button", { type: "button", class: "latest", hidden: true, onclick: () => this.#toEnd() }, icon("down"), element("span"))
  #confirm = element("div", { class: "confirm", role: "group", hidden: true, "aria-labelledby": "sure" })
  #phone = element("div", { class: "confirm", role: "group", hidden: true, "aria-labelledby": "phone-words" })
  #queue = element("div", { class: "queue", hidden: true })
  #place = element("p", { role: "status" })
  #leaveQueue = element("button", { type: "button", onclick: () => this.#conversation.leaveQueue() })
  #human = element("button", { type: "button", class: "human", onclick: () => this.#conversation.askForPerson() },
    icon("person"), element("span", {}, element("strong"), " ", element("span", { class: "reads" })))
  #composer = document.createElement("wegwijs-composer")
  #ending = document.createElement("wegwijs-ending")
  #contact = element("div", { class: "contact" })
  #store
  #conversation
  #options
  #info = {}
  #open = false
  #unread = 0
  #atEnd = true
  #wasEnded = false
  #timers = {}

  set options(options) {
    this.#options = options
    this.#store = new Store(options.base)
    this.#store.set({ language: known(this.#store.get("language"), options.language) })
    const url = new URL("chat/ws", options.base)
    url.protocol = url.protocol.replace("http", "ws")
    this.#conversation = new Conversation({ url, store: this.#store, identity: siteIdentity(options.identityUrl) })
  }

  get language() {
    return this.#store.get("language")
  }

  connectedCallback() {
    if (this.firstChild) return
    this.setAttribute("role", "dialog")
    this.setAttribute("aria-labelledby", "title")
    this.setAttribute("aria-describedby", "privacy")
    this.hidden = true
    this.#build()
    this.#listen()
    this.#label()
    this.#composer.draft = this.#store.get("draft") ?? ""
    this.#conversation.open()
    this.#inform()
    const code = /^#gesprek=(\d{8})$/.exec(location.hash)?.[1]              // a link that a colleague sent during a call
    if (code) {
      history.replaceState(null, "", location.pathname + location.search)
      this.#conversation.fromCall(code)
    }
  }

  show() {
    this.hidden = false
    this.#open = true
    this.#seen()
    this.#conversation.open()
    this.#toEnd()
    this.#land()
  }

  hide() {
    this.hidden = true
    this.#open = false
  }

  /** Takes the focus. A touch screen would cover the notice with its keyboard, so there the title has it. */
  #land() {
    const field = matchMedia("(pointer: fine)").matches && !this.#composer.hidden
    const target = field ? this.#composer : this.#title
    target.focus()
  }

  #build() {
    this.#scroll.append(element("div", { class: "notice" }, this.#privacy, this.#hours), this.#transcript, this.#status)
    this.#queue.append(this.#place, this.#leaveQueue)
    this.append(
      element("header", {}, element("div", { class: "names" }, this.#title, this.#who), this.#other, this.#minimise, this.#close),
      this.#alert, this.#actions, this.#scroll, this.#latest, this.#confirm, this.#phone, this.#queue, this.#composer, this.#ending,
      element("footer", {}, this.#human, this.#contact),
    )
    this.#ending.hidden = true
    this.#actions.hidden = true
  }

  #listen() {
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#leave())
    this.addEventListener("focusout", ({ relatedTarget }) => this.#left(relatedTarget))
    this.#scroll.addEventListener("scroll", () => this.#scrolled())
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(this.#scroll)
    this.#listenToParts()
    this.#listenToConversation()
    visualViewport?.addEventListener("resize", () => this.#fit())
    this.#fit()
  }

  #listenToParts() {
    const talk = this.#conversation
    this.#transcript.addEventListener("choose", ({ detail }) => talk.choose(detail.turn, detail.choice))
    this.#transcript.addEventListener("retry", () => talk.retry())
    this.#transcript.addEventListener("added", ({ detail }) => this.#follow(detail))
    this.#composer.addEventListener("say", ({ detail }) => talk.say(detail.text))
    this.#composer.addEventListener("draft", ({ detail }) => this.#store.set({ draft: detail.text }))
    this.#composer.addEventListener("typing", ({ detail }) => talk.state.state === "staff" && talk.typing(detail.on))
    this.#ending.addEventListener("rate", ({ detail }) => talk.rate(detail.score, detail.comment))
    this.#ending.addEventListener("fresh", () => this.#fresh())
    this.#ending.addEventListener("download", () => save(talk.turns, { ...this.#words(), title: this.#info.municipality ?? this.#title.textContent }))
  }

  #listenToConversation() {
    const on = (name, listener) => this.#conversation.addEventListener(name, ({ detail }) => listener(detail))
    on("turns", (news) => this.#heard(news))
    on("sending", (entry) => this.#sending(entry))
    on("state", () => this.#move())
    on("working", ({ on }) => this.#later("working", WORKING_AFTER, on, () => this.#say(this.t("working")), () => this.#unsay(this.t("working"))))
    on("typing", ({ on }) => this.#typing(on))
    on("connection", ({ online }) => this.#connected(online))
    on("problem", ({ message }) => this.#warn(message))
    on("code", (given) => this.#showCode(given))
    on("code-refused", ({ limited }) => this.#codeWrong(limited))
    on("lost", ({ why }) => this.#lost(why))
    on("fresh", ({ unsent }) => this.#renew(unsent))
    on("language", ({ language }) => language !== this.#labelled && this.#relabel(language))
  }

  // ---- words

  #words() {
    return { t: this.t, language: this.language }
  }

  get #labelled() {
    return this.lang
  }

  #label() {
    const { language } = this
    const t = (this.t = translator(TEXTS, language))
    this.lang = language
    this.#title.textContent = t("title")
    this.#other.lang = language === "nl" ? "en" : "nl"
    this.#other.textContent = t("other_language")
    for (const [button, key] of [[this.#minimise, "minimise"], [this.#close, "close"]]) button.ariaLabel = button.title = t(key)
    this.#scroll.ariaLabel = t("conversation")
    this.#latest.lastChild.textContent = t("latest")
    this.#leaveQueue.textContent = t("leave")
    this.#human.querySelector("strong").textContent = t("human")
    this.#human.querySelector(".reads").textContent = t("human_reads")
    this.#transcript.label(t, language)
    this.#composer.label(t)
    this.#ending.label(t)
    this.#notice()
    this.#alternatives()
    this.#move()
    this.dispatchEvent(new CustomEvent("language", { detail: language }))
  }

  #switch() {
    const language = this.language === "nl" ? "en" : "nl"
    this.#conversation.speak(language)
    this.#relabel(language)
    this.#inform()
  }

  #relabel(language) {
    this.#store.set({ language })
    this.#label()
    this.#transcript.clear()
    this.#transcript.recall(this.#conversation.turns, this.#unsent())
  }

  #unsent() {
    return this.#conversation.pending.filter(({ text }) => text).map((entry) =>
      ({ ...entry, id: entry.frame.id, delivery: entry.failed ? "failed" : this.#conversation.online ? "sending" : "waiting" }))
  }

  async #inform() {
    try {
      const answer = await fetch(new URL(`chat/info?language=${this.language}`, this.#options.base), { credentials: "omit" })
      if (!answer.ok) return
      this.#info = await answer.json()
      this.#label()
    } catch {
      // the page's own phone number and contact page, from the script tag, remain
    }
  }

  #notice() {
    const href = this.#info.privacy_url && safeHref(this.#info.privacy_url, this.#options.base)
    const url = href ?? safeHref("privacy", this.#options.base)
    const days = { ...KEPT_DAYS, ...this.#info.kept_days }
    fill(this.#privacy, this.t("privacy", days), " ", this.#away(url, this.t("privacy_link")), " ", this.#mine())
  }

  /** The key goes into the fragment at the moment of the click: it stands nowhere in the page, and no server sees it in an address. */
  #mine() {
    const url = new URL(`mine?language=${this.language}`, this.#options.base)
    const link = this.#away(url.href, this.t("mine"))
    link.addEventListener("click", async (event) => {
      event.preventDefault()
      url.hash = await this.#conversation.key().catch(() => "")
      open(url, "_blank", "noopener")
    })
    return link
  }

  #alternatives() {
    const { phone, contactUrl } = this.#options
    const { label, href } = this.#info.phone ?? { label: phone, href: phone && `tel:${phone.replace(/\s/g, "")}` }
    const number = href && safeHref(href)
    const url = contactUrl ? safeHref(contactUrl) : this.#info.contact_url && safeHref(this.#info.contact_url, this.#options.base)
    fill(this.#contact,
      number && element("a", { href: number }, icon("phone"), element("span", {}, this.t("call", { phone: label }))),
      url && this.#away(url, icon("contact"), element("span", {}, this.t("contact"))),
      this.#info.calls && [
        element("button", { type: "button", class: "bare", onclick: () => this.#conversation.byTelephone() }, this.t("by_phone")),
        element("button", { type: "button", class: "bare", onclick: () => this.#askCode() }, this.t("from_call")),
      ])
    this.#hours.textContent = this.#info.hours ?? ""
  }

  /** Opens elsewhere: whoever reads a page must not lose the conversation. A place on this page is only uncovered. */
  #away(href, ...children) {
    const here = href.includes("#") && href.split("#")[0] === location.href.split("#")[0]
    if (here) return element("a", { href, onclick: () => COVERS.matches && this.#minimised(false) }, ...children)
    return element("a", { href, target: "_blank", rel: "noopener" }, ...children, element("span", { class: "hidden" }, ` ${this.t("new_tab")}`))
  }

  // ---- what was said

  #heard({ turns, silent }) {
    if (silent) this.#transcript.recall(turns)
    else this.#transcript.say(turns)
    const seen = this.#store.get("seen") ?? 0
    this.#unread += turns.filter(({ from, seq }) => from !== "resident" && seq > seen).length
    if (this.#open) this.#seen()
    else this.#count()
  }

  #seen() {
    this.#unread = 0
    this.#store.set({ seen: this.#conversation.turns.at(-1)?.seq ?? this.#store.get("seen") })
    this.#count()
  }

  #count() {
    this.dispatchEvent(new CustomEvent("unread", { detail: this.#unread }))
  }

  #sending(entry) {
    this.#transcript.send(entry)
    if (entry.delivery === "sending") this.#warn("")
  }

  // ---- who answers

  #move() {
    const { state, position, wait_seconds: wait, staff } = this.#conversation.state
    const { t } = this
    const ended = state === "closed"
    const atEnd = this.#atEnd
    const held = this.getRootNode().activeElement
    if (this.dataset.state !== state) this.#confirm.hidden = true
    this.dataset.state = state
    this.#who.textContent = { bot: t("bot"), waiting: t("queue_line"), staff: staff ? t("with_staff", { name: staff }) : t("staff_unnamed"), closed: t("ended_line") }[state]
    this.#queue.hidden = state !== "waiting"
    this.#human.hidden = state !== "bot"
    this.#composer.hidden = this.#close.hidden = ended
    this.#ending.hidden = !ended
    this.#transcript.ended = ended
    const minutes = wait != null && { count: Math.max(1, Math.round(wait / 60)) }
    const place = [t("queue"), position && t("queue_place", { position }), minutes && t("queue_wait", minutes), t("queue_soon")]
    const words = state === "waiting" ? place.filter(Boolean).join(" ") : ""
    if (this.#place.textContent !== words) this.#place.textContent = words
    if (ended && !this.#wasEnded) this.#ending.show({ rated: this.#store.get("rated") })
    this.#wasEnded = ended
    if (this.contains(held) && !held.checkVisibility()) ended ? this.#ending.focus() : this.#land()
    if (atEnd) this.#toEnd()
  }

  #typing(on) {
    const { staff: name = "" } = this.#conversation.state
    const words = this.t("typing", { name })
    if (on && this.#conversation.state.state === "staff") this.#say(words)
    this.#later("typing", on ? TYPING_FOR : 0, true, () => this.#unsay(words))
  }

  #say(text) {
    if (this.#status.textContent !== text) this.#status.textContent = text
    if (text && this.#nearEnd()) this.#toEnd()
  }

  #unsay(text) {
    if (this.#status.textContent === text) this.#say("")
  }

  // ---- connection

  #connected(online) {
    if (!online && this.hasAttribute("data-offline")) return         // one warning, not one for each attempt
    this.toggleAttribute("data-offline", !online)
    this.#later("offline", OFFLINE_AFTER, !online, () => this.#warn(this.t("offline")), () => this.#recovered())
  }

  #recovered() {
    const words = this.t("online_again")
    if (this.#alert.textContent !== this.t("offline")) return
    this.#warn("")
    this.#say(words)
    this.#later("recovered", 4000, true, () => this.#unsay(words))
  }

  #lost(why) {
    clearTimeout(this.#timers.offline)
    this.#warn(this.t({ unknown: "lost" }[why] ?? why))
    const ways = [why !== "unknown" && ["resume", () => this.#resume()], why !== "elsewhere" && ["fresh", () => this.#fresh()]].filter(Boolean)
    fill(this.#actions, ways.map(([name, act]) => element("button", { type: "button", class: "primary", onclick: act }, this.t(name))))
    this.#actions.hidden = false
  }

  #resume() {
    this.#warn("")
    this.#conversation.reconnect()
    this.#composer.focus()
  }

  #fresh() {
    this.#conversation.startAgain()
    this.#composer.focus()
  }

  #renew(unsent) {
    if (!this.#phone.hidden) this.#putAway()
    this.#warn("")
    this.#say("")
    this.#transcript.clear()
    this.#unread = 0
    this.#move()
    this.#composer.draft = [this.#composer.draft, ...unsent].filter(Boolean).join("\n")
    this.#store.set({ draft: this.#composer.draft })
  }

  #warn(text) {
    this.#alert.textContent = text
    this.#actions.hidden = true
  }

  // ---- by telephone, and back

  #showCode({ code, expires_at: until, phone }) {
    const words = this.t("phone_code", { phone: phone.label, code: code.replace(/(..)(?=.)/g, "$1 "), time: hour(until, this.language) })
    const close = element("button", { type: "button", onclick: () => this.#putAway() }, this.t("code_close"))
    fill(this.#phone, element("p", { id: "phone-words", role: "status" }, words), element("div", { class: "buttons" }, close))
    this.#phone.hidden = false
    close.focus()
  }

  #askCode() {
    const field = element("input", { id: "call-code", inputmode: "numeric", autocomplete: "off", maxlength: 20, "aria-describedby": "call-code-wrong" })
    const send = (event) => {
      event.preventDefault()
      if (field.value.trim()) this.#conversation.fromCall(field.value.trim())
    }
    fill(this.#phone, element("form", { onsubmit: send },
      element("p", { id: "phone-words" }, this.t("call_code")),
      element("label", { for: "call-code" }, this.t("code_field")), field,
      element("p", { id: "call-code-wrong", role: "alert" }),
      element("div", { class: "buttons" },
        element("button", { type: "submit", class: "primary" }, this.t("code_go")),
        element("button", { type: "button", onclick: () => this.#putAway() }, this.t("code_close")))))
    this.#phone.hidden = false
    field.focus()
  }

  #codeWrong(limited) {
    const words = this.#phone.querySelector("[role=alert]")
    if (words) words.textContent = this.t(limited ? "code_limited" : "code_wrong")
    else this.#warn(this.t(limited ? "code_limited" : "code_wrong"))
  }

  #putAway() {
    this.#phone.hidden = true
    fill(this.#phone)
    this.#land()
  }

  // ---- leaving

  #leave() {
    if (!this.#confirm.hidden) return this.#stay()
    this.#minimised()
  }

  #minimised(focus = true) {
    this.dispatchEvent(new CustomEvent("minimise", { detail: { focus } }))
  }

  /** On a small screen the panel covers the page, and nobody should have the focus on something they cannot see. */
  #left(target) {
    if (this.#open && target && COVERS.matches && !this.contains(target) && target !== this.getRootNode().host) this.#minimised(false)
  }

  #askToEnd() {
    const { state } = this.#conversation.state
    if (!this.#conversation.online) this.#minimised()          // it ends as soon as the service can be told
    if (state === "bot" || !this.#conversation.online) return this.#conversation.end()
    const yes = element("button", { type: "button", class: "primary", onclick: () => this.#conversation.end() }, this.t("sure_yes"))
    const no = element("button", { type: "button", onclick: () => this.#stay() }, this.t("sure_no"))
    fill(this.#confirm, element("p", { id: "sure" }, this.t(state === "waiting" ? "sure_waiting" : "sure")), element("div", { class: "buttons" }, yes, no))
    this.#confirm.hidden = false
    no.focus()
  }

  #stay() {
    this.#confirm.hidden = true
    this.#close.focus()
  }

  // ---- place

  /** What scrolls: the transcript, or the whole panel where the screen is too low for a transcript of its own. */
  get #scroller() {
    return getComputedStyle(this.#scroll).overflowY === "visible" ? this : this.#scroll
  }

  #scrolled() {
    this.#atEnd = !this.#begun || this.#nearEnd()
    if (this.#atEnd) this.#latest.hidden = true
  }

  get #begun() {
    return this.#conversation.turns.length > 1 || this.#unsent().length > 0
  }

  #nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight < NEAR
  }

  /** New turns come into view, from their first line, for whoever reads at the end; others keep their place. */
  #follow({ item, turn }) {
    if (!this.#begun) return
    const scroller = this.#scroller
    const before = scroller.scrollHeight - item.offsetHeight - scroller.scrollTop - scroller.clientHeight
    if (turn.from !== "resident" && before > NEAR && !this.#atEnd) return void (this.#latest.hidden = scroller === this)
    const top = item.getBoundingClientRect().top - scroller.getBoundingClientRect().top
    scroller.scrollTop += Math.min(top - 8, scroller.scrollHeight)
    this.#atEnd = this.#nearEnd()
  }

  /** Before the first message the notice on privacy comes first. */
  #toEnd() {
    this.#latest.hidden = true
    this.#scroller.scrollTop = this.#begun ? this.#scroller.scrollHeight : 0
  }

  /** Phones lay their keyboard over the page: the panel takes what is left. */
  #fit() {
    if (visualViewport) this.style.setProperty("--_visible", `${visualViewport.height * visualViewport.scale}px`)
  }

  /** Does `now` after a while if `on`, and `otherwise` at once if not. */
  #later(name, wait, on, now, otherwise = () => {}) {
    clearTimeout(this.#timers[name])
    if (on) this.#timers[name] = setTimeout(now, wait)
    else otherwise()
  }
}

function tool(name, onclick) {
  return element("button", { type: "button", class: "bare", onclick }, icon(name))
}

export async function createPanel(options) {
  const sheet = await loadSheet(new URL("panel.css", import.meta.url))
  for (const define of [defineTurn, defineTranscript, defineComposer, defineEnding]) define()
  customElements.define("wegwijs-panel", Panel)
  const panel = Object.assign(document.createElement("wegwijs-panel"), { options })
  return { panel, sheet }
}
