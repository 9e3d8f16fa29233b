import { element, fill } from "../shared/element.js"
import { codeDialog } from "./code-dialog.js"
import { Announcer, beep, markTitle } from "./alerts.js"
import { Desk } from "./desk.js"
import { closeDialogs } from "./dialog.js"
import { helpDialog } from "./help-dialog.js"
import { Line } from "./line.js"
import { returnDialog } from "./return-dialog.js"
import { settingsDialog } from "./settings-dialog.js"
import { listenForShortcuts } from "./shortcuts.js"
import { lastPresence, remember, settings, Unsent } from "./storage.js"
import { transferDialog } from "./transfer-dialog.js"
import { errorText, spoken, t } from "./words.js"
import { wrapupDialog } from "./wrapup-dialog.js"

const SOCKET = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/console/ws`
const HICCUP = 1500                              // ms without a line before we say so

/**
 * <staff-desk>: the whole console of one member of staff; ties the line, what the desk knows and the parts on the page.
 * Put it on the page with `me` set (GET /console/me) and, to go on where the last session ended, `reopen`.
 * Events: "ended" with `open` (the conversation that was open), "logout", "language".
 */
export class StaffDesk extends HTMLElement {
  me = null
  reopen = null
  #desk = new Desk()
  #line
  #unsent
  #announcer
  #view = null
  #current = null
  #toReply = null                                // claimed here: goes to the reply box as soon as it can be used
  #stale = false
  #active = false                                // somebody touched this page since the last heartbeat
  #stop = []

  connectedCallback() {
    this.#unsent = new Unsent(this.me.staff)
    this.#line = new Line(SOCKET, this.#unsent)
    this.#build()
    this.#listen()
    for (const kind of ["pointerdown", "keydown"]) this.addEventListener(kind, () => (this.#active = true), { passive: true })
    this.#line.open()
  }

  disconnectedCallback() {
    this.#line.close()
    this.#announcer.stop()
    closeDialogs()
    this.#stop.forEach((stop) => stop())
    markTitle(0)
  }

  /** After the language changed: the same desk in other words. */
  rebuild() {
    this.#build()
    this.#people()
    this.#callbacks()
    this.#lists()
    if (this.#current) this.#mountView(this.#current)
    this.#bar.focusOn("language")
  }

  /** Forgets what was typed and not sent: the person leaves this desk. */
  forget() {
    this.#unsent.clear()
  }

  // The page

  #build() {
    const list = (kind) => element("conversation-list", { kind, onchoose: ({ conversation }) => this.#choose(conversation), onclaim: ({ conversation }) => this.#claim(conversation) })
    fill(this,
      element("a", { class: "skip", href: "#talk-main", onclick: (event) => this.#skip(event) }, t("app.skip")),
      element("desk-bar", { onpresence: ({ status }) => this.#presence(status), onsettings: () => settingsDialog({ change: (...one) => this.#setting(...one) }), onhelp: () => this.#help(), onlanguage: () => this.dispatchEvent(new Event("language")), onlogout: () => this.dispatchEvent(new Event("logout")) }),
      element("p", { class: "line-state", role: "status" }),
      element("p", { class: "notice", role: "alert" }),
      element("div", { class: "desk" },
        element("section", { class: "lists", "aria-label": t("app.lists_region") },
          element("p", { class: "team-filter field", hidden: true }, element("label", { for: "team-filter" }, t("lists.team")), element("select", { id: "team-filter", onchange: (event) => this.#filter(event.target.value) })),
          element("form", { class: "lookup field", hidden: !this.#desk.calls, onsubmit: (event) => this.#whoCalls(event) },
            element("label", { for: "lookup" }, t("lookup.label")),
            element("span", { class: "lookup-line" }, element("input", { id: "lookup", autocomplete: "off", spellcheck: "false", maxlength: "20" }), element("button", { type: "submit" }, t("lookup.go")))),
          list("waiting"), list("mine"),
          element("callback-list", { ondone: ({ callback }) => this.#calledBack(callback), onchoose: ({ conversation }) => this.#choose(conversation) }),
          element("p", { class: "said", role: "status" })),
        element("main", { id: "talk-main", tabindex: "-1" }, this.#nothingOpen())))
    this.#announcer?.stop()
    this.#announcer = new Announcer(this.querySelector(".said"))
    this.#bar.me = this.me
    this.#bar.status = lastPresence.get()
    this.dataset.view = this.#current ? "talk" : "lists"
  }

  #nothingOpen() {
    return element("div", { class: "nothing" }, element("h2", {}, t("app.nothing_open")), element("p", { class: "hint" }, t("app.nothing_open_hint")))
  }

  get #bar() {
    return this.querySelector("desk-bar")
  }

  #list(kind) {
    return this.querySelector(`conversation-list[kind=${kind}]`)
  }

  #skip(event) {
    event.preventDefault()
    if (this.#view) this.#view.focus()
    else this.querySelector("main").focus()
  }

  // What comes in

  #listen() {
    const [desk, line] = [this.#desk, this.#line]
    const current = (act) => (event) => event.conversation === this.#current && act(event)
    line.addEventListener("frame", ({ frame }) => this.#receive(frame))
    line.addEventListener("down", () => this.#down())
    line.addEventListener("ended", () => this.dispatchEvent(Object.assign(new Event("ended"), { open: this.#current })))
    line.addEventListener("failed", ({ frame, error }) => this.#unsaid(frame, error))
    line.addEventListener("pending", () => this.#pending())
    desk.addEventListener("lists", () => this.#listsSoon())
    desk.addEventListener("people", () => this.#people())
    desk.addEventListener("callbacks", () => this.#callbacks())
    desk.addEventListener("waiting", ({ added }) => this.#somebodyWaits(added))
    desk.addEventListener("handed", ({ conversation }) => this.#handed(conversation))
    desk.addEventListener("context", current(() => this.#show()))
    desk.addEventListener("typing", current(() => this.#show()))
    desk.addEventListener("turn", current(({ turn }) => this.#view.add(turn)))
    desk.addEventListener("restored", current(() => this.#view.live()))
    desk.addEventListener("turn", current(() => this.#look()))
    const clock = setInterval(() => this.#tick(), 1000)
    const look = () => this.#look()
    const popped = () => this.#poppedUp()
    addEventListener("hashchange", popped)
    document.addEventListener("visibilitychange", look)
    this.#stop = [listenForShortcuts(this.#shortcuts()), () => clearInterval(clock), () => document.removeEventListener("visibilitychange", look), () => removeEventListener("hashchange", popped)]
  }

  #receive(frame) {
    this.#desk.receive(frame)
    if (frame.type === "ready") this.#ready()
    if (frame.type === "code" && frame.conversation === this.#current) codeDialog(frame)
    if (frame.type === "presence") this.#heartbeat()
    if (frame.type === "error" && frame.code !== "not_owner") this.#refuse(frame)   // a "typing" that came too late is nobody's concern
  }

  #ready() {
    clearTimeout(this.hiccup)
    const line = this.querySelector(".line-state")
    if (line.textContent) {
      line.textContent = ""
      this.#announcer.say(t("line.back"))
    }
    this.#heartbeat()
    this.#line.resend()
    this.#line.request({ type: "callbacks" }).catch(() => {})
    for (const id of [...this.#desk.opened.keys()])
      if (id === this.#current || this.#desk.isMine(this.#desk.view(id))) this.#open(id)
      else this.#desk.forget(id)
    if (this.#current && !this.#desk.opened.has(this.#current)) this.#open(this.#current)
    this.querySelector(".lookup").hidden = !this.#desk.calls
    this.#poppedUp()
    if (this.reopen) this.#choose(this.reopen)
    this.reopen = null
  }

  #down() {
    clearTimeout(this.hiccup)
    this.hiccup = setTimeout(() => (this.querySelector(".line-state").textContent = t("line.lost")), HICCUP)
  }

  /**
   * The service asks for a sign of life with its own "presence"; a page in the background answers too. Whether anybody
   * sits here is another matter: only that keeps the session alive.
   */
  #heartbeat() {
    this.#line.tell({ type: "presence", status: lastPresence.get(), active: this.#active })
    this.#active = false
  }

  #somebodyWaits(added) {
    if (settings.team && !added.some((one) => one.team === settings.team)) return
    beep()
    this.#announcer.news(() => {
      const count = this.#desk.waiting(settings.team).length
      return count ? t("lists.now_waiting", { count }) : t("lists.waiting_empty")
    })
  }

  #handed(id) {
    beep()
    this.#announcer.news(() => t("lists.new_mine", { topic: this.#topicName(this.#desk.view(id)) }))
  }

  // Lists

  /** Once for any number of changes at the same moment. Not by animation frame: those stop in the background. */
  #listsSoon() {
    if (this.#stale) return
    this.#stale = true
    queueMicrotask(() => this.isConnected && this.#lists())
  }

  #lists() {
    this.#stale = false
    const waiting = this.#desk.waiting(settings.team)
    this.#list("waiting").rows = waiting.map((one) => this.#row(one))
    this.#list("mine").rows = this.#desk.mine().map((one) => this.#row(one))
    markTitle(waiting.length)
  }

  #row(one) {
    const id = one.conversation
    const severalTeams = this.#teams().length > 1
    return {
      ...one,
      topicName: this.#topicName(one),
      teamName: severalTeams && this.#desk.teamName(one.team),
      unread: id === this.#current && document.visibilityState === "visible" ? 0 : this.#desk.unread(one),
      draft: this.#unsent.text(`reply:${id}`) !== "",
      current: id === this.#current,
    }
  }

  #topicName(one) {
    return one?.topic ? this.#desk.topicName(one.topic, spoken()) : t("item.no_topic")
  }

  #teams() {
    const mine = this.me.teams ?? []
    return this.#desk.teams.filter((one) => mine.includes(one.team))
  }

  #people() {
    this.dataset.presence = this.#desk.colleagues.find((one) => one.staff === this.me.staff)?.status ?? "offline"   // as the service has it
    const teams = this.#teams()
    const filter = this.querySelector(".team-filter")
    filter.hidden = teams.length < 2
    if (!teams.some((one) => one.team === settings.team) && teams.length) settings.team = ""
    const select = filter.querySelector("select")
    const options = [["", t("lists.all_teams")], ...teams.map((one) => [one.team, `${one.name} · ${t("lists.staff_available", { count: one.available })}`])]
    const state = JSON.stringify(options)
    if (select.dataset.state === state || select === document.activeElement) return
    select.dataset.state = state
    fill(select, options.map(([value, text]) => element("option", { value }, text)))
    select.value = settings.team
  }

  #callbacks() {
    this.querySelector("callback-list").rows = this.#desk.openCallbacks().map((one) => ({ ...one, topicName: one.topic && this.#topicName(one) }))
    if (this.#current) this.#show()
  }

  #filter(team) {
    remember("team", team)
    this.#lists()
  }

  async #calledBack(callback) {
    await this.#do({ type: "callback_done", callback }, t("callback.marked"), () => {
      const one = this.#desk.callbacks.get(callback)
      this.#desk.receive({ type: "callbacks", callbacks: [{ ...one, status: "done", done_by: this.me.staff }] })
    })
  }

  // One conversation

  #choose(id) {
    this.notice("")
    if (id !== this.#current) {
      this.#leave()
      this.#current = id
      this.#mountView(id)
      this.#open(id)
    }
    this.dataset.view = "talk"
    this.#view.focus()
    this.#listsSoon()
  }

  #mountView(id) {
    const view = element("conversation-view", { onclaim: () => this.#claim(id), ontransfer: () => this.#transfer(), onreturn: () => this.#giveBack(), oncode: () => this.#chatCode(id), onwrapup: () => this.#wrapUp(), onback: () => this.#back() })
    fill(this.querySelector("main"), view)
    this.#view = view
    view.begin({ desk: this.#desk, texts: this.#texts(id) })
    view.reply.addEventListener("say", ({ mode, text }) => this.#say(id, mode, text))
    view.reply.addEventListener("typing", ({ on }) => this.#line.tell({ type: "typing", conversation: id, on }))
    this.#show()
    const known = this.#desk.opened.get(id)
    if (!known) return
    for (const pos of [...known.turns.keys()].sort((a, b) => a - b)) view.add(known.turns.get(pos))
    view.live()
  }

  /** What is typed for one conversation, by kind: "reply", "note", "summary", … */
  #texts(id) {
    return {
      get: (kind) => this.#unsent.text(`${kind}:${id}`),
      keep: (kind, text) => {
        const before = this.#unsent.text(`${kind}:${id}`)
        this.#unsent.keep(`${kind}:${id}`, text)
        if (!before !== !text) this.#listsSoon()
      },
    }
  }

  async #open(id) {
    try {
      await this.#line.request({ type: "open", conversation: id, after: this.#desk.lastPos(id) })
      this.#look()
    } catch (error) {
      if (error.code === "lost") return
      this.#desk.forget(id)
      if (id === this.#current) this.#close("waiting")
      this.#refuse(error)
    }
  }

  #show() {
    const known = this.#desk.view(this.#current)
    if (!known || !this.#view) return
    this.#view.show(known)
    this.#pending()
    this.#toTheReply(known)
  }

  #toTheReply(known) {
    if (this.#toReply !== this.#current || !this.#desk.isMine(known) || !this.#desk.opened.has(this.#current)) return
    this.#toReply = null
    if (!document.querySelector("dialog[open]")) this.#view.reply.focus("reply")
  }

  #pending() {
    if (this.#view) this.#view.pending = this.#line.pending(this.#current)
  }

  #look() {
    if (this.#current && document.visibilityState === "visible") this.#desk.look(this.#current)
  }

  #back() {
    this.dataset.view = "lists"
    const list = this.#desk.isMine(this.#desk.view(this.#current) ?? {}) ? "mine" : "waiting"
    const chosen = this.querySelector(".choose[aria-current=true]")
    if (chosen) chosen.focus()
    else this.#list(list).focus()
  }

  /** The conversation goes from the screen; focus goes to a list, never nowhere. */
  #close(list = "mine") {
    this.#leave()
    fill(this.querySelector("main"), this.#nothingOpen())
    this.dataset.view = "lists"
    this.#lists()
    this.#list(list).focus()
  }

  #leave() {
    const [left, view] = [this.#current, this.#view]
    this.#current = this.#view = null
    view?.reply.rest()
    if (left && !this.#desk.isMine(this.#desk.view(left) ?? {})) this.#desk.forget(left)
  }

  // What this person does

  /** A telephone's software opened this page with the handover of the call that rings: #handover=H7K2PQ. */
  #poppedUp() {
    const given = new URLSearchParams(location.hash.slice(1)).get("handover")
    if (!given) return
    history.replaceState(null, "", location.pathname)
    this.#lookUp(given)
  }

  #whoCalls(event) {
    event.preventDefault()
    const field = event.target.querySelector("input")
    if (field.value.trim()) this.#lookUp(field.value.trim()).then((found) => found && (field.value = ""))
  }

  async #lookUp(given) {
    this.notice("")
    const answer = await fetch(`/console/handovers/${encodeURIComponent(given)}`, { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null)
    if (!answer?.ok) {
      this.notice(t(answer?.status === 403 ? "lookup.denied" : answer ? "lookup.none" : "line.lost"))
      return false
    }
    this.#choose((await answer.json()).conversation)
    return true
  }

  async #chatCode(id) {
    await this.#line.request({ type: "code", conversation: id }).catch((error) => this.#refuse(error))
  }

  #presence(status) {
    lastPresence.set(status)
    this.#heartbeat()
    this.#announcer.say(t(`presence.now_${status}`))
  }

  async #claim(id) {
    this.notice("")
    this.#desk.claiming(id, true)
    this.#toReply = id
    const epoch = this.#desk.view(id)?.epoch
    const done = await this.#do({ type: "claim", conversation: id, ...(epoch && { epoch }) }, t("talk.claimed"))
    if (!done) this.#toReply = null
    else if (this.#current === id) this.#show()
    else this.#choose(id)
    setTimeout(() => this.#desk.claiming(id, false), 5000)
  }

  async #say(conversation, mode, text) {
    this.notice("")
    const frame = { type: mode, conversation, text }
    try {
      await this.#line.request(frame)
    } catch (error) {
      this.#unsaid(frame, error)
    }
  }

  /** What the service would not take goes back into the box. */
  #unsaid({ type, conversation, text }, error) {
    if (["reply", "note"].includes(type)) {
      const texts = this.#texts(conversation)
      if (conversation === this.#current && this.#view) this.#view.reply.restore(type, text)
      else texts.keep(type, [text, texts.get(type)].filter(Boolean).join("\n"))
    }
    this.#refuse(error)
  }

  async #transfer() {
    await this.#inDialog((common) => transferDialog({ ...common, team: this.#desk.view(this.#current).team }), "transfer", "talk.transferred")
  }

  async #giveBack() {
    await this.#inDialog(returnDialog, "return", "talk.returned")
  }

  async #wrapUp() {
    const { topic, packet } = this.#desk.view(this.#current)
    const turns = [...(this.#desk.opened.get(this.#current)?.turns.values() ?? [])]
    const suggested = [...new Set([packet?.subject?.topic, topic, ...turns.map((turn) => turn.topic)].filter(Boolean))]
    await this.#inDialog((common) => wrapupDialog({ ...common, suggested }), "close", "talk.closed")
  }

  /** A dialog that ends this person's part: when the service has agreed, the conversation goes from the screen. */
  async #inDialog(dialog, type, done) {
    const conversation = this.#current
    const send = (fields) => this.#line.request({ type, conversation, epoch: this.#desk.view(conversation)?.epoch, ...fields })
    if (!(await dialog({ desk: this.#desk, texts: this.#texts(conversation), send }))) return
    this.#announcer.say(t(done))
    if (conversation === this.#current) this.#close()
  }

  /** Sends one frame; says `done` when it is acknowledged, and why not otherwise. True when it was. */
  async #do(frame, done, after = () => {}) {
    try {
      await this.#line.request(frame)
      after()
      this.#announcer.say(done)
      return true
    } catch (error) {
      this.#refuse(error)
      return false
    }
  }

  #refuse(error) {
    this.notice(errorText(error))
  }

  /** What went wrong, announced at once; an empty text takes it away. */
  notice(text) {
    this.querySelector(".notice").textContent = text
  }

  #help() {
    helpDialog({ change: (...one) => this.#setting(...one) })
  }

  #setting(name, value) {
    remember(name, value)
    if (name === "title") this.#lists()
  }

  #shortcuts() {
    const ifCan = (name, act) => () => this.#view?.can(name) && act()
    return {
      waiting: () => this.#toList(this.#list("waiting")),
      mine: () => this.#toList(this.#list("mine")),
      callbacks: () => this.#toList(this.querySelector("callback-list")),
      next: () => this.#step(1),
      previous: () => this.#step(-1),
      claim: ifCan("claim", () => this.#claim(this.#current)),
      transfer: ifCan("transfer", () => this.#transfer()),
      return: ifCan("return", () => this.#giveBack()),
      wrapup: ifCan("wrapup", () => this.#wrapUp()),
      reply: () => this.#view?.reply.focus("reply"),
      note: () => this.#view?.reply.focus("note"),
      log: () => this.#view?.log.focus(),
      packet: () => this.#view?.packet.focus(),
      help: () => this.#help(),
    }
  }

  #toList(list) {
    this.dataset.view = "lists"
    list.focus()
  }

  #step(by) {
    const ids = [...this.querySelectorAll("conversation-list .row")].map((row) => row.dataset.key)
    const at = ids.indexOf(this.#current)
    const next = ids[at < 0 ? (by > 0 ? 0 : ids.length - 1) : at + by]
    if (next) this.#choose(next)
  }

  #tick() {
    for (const kind of ["waiting", "mine"]) this.#list(kind).tick()
    this.#view?.tick()
  }
}
