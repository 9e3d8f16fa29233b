/**
 * One resident's conversation with the service, without any DOM: what was said, what is under way, who answers.
 *
 * Everything the resident does is a frame with an id of its own. It stays in `pending` (and in the tab's store) until
 * the service acknowledges it, and is sent again with the same id after every reconnect, so that it arrives once.
 *
 * Events: "turns" { turns, silent }; "sending" { id, text, delivery } with delivery "sending" | "waiting" | "failed" |
 * "refused" | "stored"; "state"; "typing" { on }; "working" { on }; "connection" { online }; "problem" { message };
 * "code" { code, expires_at, phone }; "code-refused" { limited };
 * "lost" { why: "unknown" | "elsewhere" | "identify" }; "fresh"; "language".
 */
import { ReconnectingSocket } from "../shared/socket.js"

const ACK_TIME = 8000
const QUIET = 250
const TRY_AGAIN = ["rate_limited", "unavailable"]

export class Conversation extends EventTarget {
  turns = []
  state = { state: "bot" }
  online = false
  id = null
  #identity
  #store
  #socket
  #last = 0
  #gap = -1
  #replaying
  #overdue
  #refusal = null

  /** `identity`: a function that gives a promise of the site's token of who is logged in there, or of null. */
  constructor({ url, store, identity = () => null }) {
    super()
    this.#identity = identity
    this.#store = store
    this.#socket = new ReconnectingSocket(url, { greet: () => this.#hello() })
    this.#socket.addEventListener("frame", (event) => this.#receive(event.frame))
    this.#socket.addEventListener("disconnect", (event) => this.#disconnected(event))
  }

  get pending() {
    return this.#store.get("pending") ?? []
  }

  get ended() {
    return this.state.state === "closed"
  }

  open() {
    this.#socket.open()
  }

  reconnect() {
    this.#socket.reconnect()
  }

  /** What opens the page on one's own contacts, as its fragment: for who is known a fresh token of the site, else this conversation's secret. */
  async key() {
    const identity = await this.#who()
    return identity ? `identity=${identity}` : `chat=${this.#store.get("token") ?? ""}`
  }

  say(text) {
    return this.#post({ type: "message", text }, text)
  }

  choose(turn, choice) {
    if (this.pending.some(({ frame }) => frame.turn === turn && frame.choice === choice.id)) return    // pressed twice
    return this.#post({ type: "choose", turn, choice: choice.id }, choice.label)
  }

  askForPerson() {
    return this.#post({ type: "human" })
  }

  leaveQueue() {
    return this.#post({ type: "leave" })
  }

  rate(score, comment) {
    this.#store.set({ rated: true })
    return this.#post({ type: "rate", score, ...(comment && { comment }) })
  }

  end() {
    return this.#post({ type: "close" })
  }

  speak(language) {
    this.#store.set({ language })
    if (this.id && !this.ended) this.#post({ type: "language", language })
  }

  /** Asks for a code with which this conversation goes on by telephone; it comes as "code". */
  byTelephone() {
    return this.#post({ type: "call" })
  }

  /** Goes on here with the conversation of a call. Wrong: "code-refused". */
  fromCall(code) {
    return this.#post({ type: "code", code })
  }

  typing(on) {
    this.#socket.send({ type: "typing", on })
  }

  /** Sends again what was not stored, under the same id; without a connection it looks for one first. */
  retry() {
    if (!this.online) return this.reconnect()
    for (const entry of this.pending) this.#send(entry)
  }

  /** Leaves this conversation behind. Words the service never stored go back to the resident. */
  startAgain() {
    const unsent = this.pending.filter(({ frame }) => frame.type === "message").map(({ text }) => text)
    this.#socket.close()
    this.#store.forget()
    Object.assign(this, { turns: [], state: { state: "bot" }, id: null, online: false })
    this.#last = 0
    this.#gap = -1
    this.#tell("fresh", { unsent })
    this.open()
  }

  async #hello() {
    const identity = await this.#who()
    const token = this.#store.get("token")
    const after = this.#last || undefined
    return { type: "hello", token, after, language: this.#store.get("language"), page: location.origin + location.pathname, identity }
  }

  /** A site that cannot say it must not keep anybody from chatting; who is known already waits until it can. */
  async #who() {
    try {
      const identity = (await this.#identity()) ?? undefined
      if (identity) this.#store.set({ known: true })
      return identity
    } catch (error) {
      if (this.#store.get("known")) throw error
    }
  }

  #receive(frame) {
    switch (frame.type) {
      case "welcome": return this.#welcomed(frame)
      case "turn": return this.#heard(frame.turn)
      case "ack": return this.#acknowledged(frame)
      case "state": return this.#moved(frame)
      case "typing": return this.#tell("typing", { on: frame.on })
      case "code": return this.#tell("code", frame)
      case "error": return this.#refused(frame)
    }
  }

  #welcomed({ conversation, token, language, turns, more }) {
    if (this.id && this.id !== conversation) this.#another()
    const restored = this.#last === 0 && Boolean(this.#store.get("token"))
    this.id = conversation
    this.#store.set({ token, language })
    this.#online(true)
    this.#tell("language", { language })
    if (restored && more) this.#replay()
    this.#keep(turns, restored)
    for (const entry of this.pending) this.#send(entry)
  }

  /** A code led to another conversation: what was here was only its beginning. */
  #another() {
    Object.assign(this, { turns: [], state: { state: "bot" } })
    this.#last = 0
    this.#gap = -1
    this.#store.set({ seen: 0, rated: false })
    this.#tell("fresh", { unsent: [] })
  }

  #heard(turn) {
    if (turn.seq <= this.#last) return
    if (turn.seq > this.#last + 1 && this.#gap !== this.#last) {
      this.#gap = this.#last                 // once for each gap, or a server with a hole would be asked for ever
      return this.reconnect()
    }
    if (this.#replaying) this.#replay()
    this.#keep([turn], Boolean(this.#replaying))
  }

  #keep(turns, silent) {
    const fresh = turns.filter((turn) => turn.seq > this.#last)
    if (!fresh.length) return
    this.#last = fresh.at(-1).seq
    this.turns.push(...fresh)
    for (const turn of fresh) if (turn.id) this.#settle(turn.id)
    if (fresh.some((turn) => turn.from !== "resident")) this.#tell("working", { on: false })
    this.#tell("turns", { turns: fresh, silent })
  }

  /** The rest of a long history comes as plain turns: it is history for as long as they follow on each other. */
  #replay() {
    clearTimeout(this.#replaying)
    this.#replaying = setTimeout(() => (this.#replaying = null), QUIET)
  }

  #acknowledged({ id }) {
    const entry = this.#settle(id)
    if (!entry) return
    if (entry.text) this.#tell("sending", { ...entry, id, delivery: "stored" })
    if (this.state.state === "bot" && ["message", "choose"].includes(entry.frame.type)) this.#tell("working", { on: !this.#answered(id) })
  }

  /** An acknowledgement that was lost comes again after the answer is here already. */
  #answered(id) {
    const asked = this.turns.findIndex((turn) => turn.id === id)
    return asked >= 0 && this.turns.slice(asked).some((turn) => turn.from !== "resident")
  }

  #moved(frame) {
    if (frame.epoch < this.state.epoch) return         // news from before somebody else had it
    this.state = frame
    this.#store.set({ state: frame.state })
    if (frame.state !== "bot") this.#tell("working", { on: false })
    if (frame.state !== "staff") this.#tell("typing", { on: false })
    this.#tell("state")
  }

  #refused({ id, code, message }) {
    this.#refusal = code
    if (!id && ["not_found", "identify"].includes(code)) return            // the close that follows says that this is final
    this.#tell("working", { on: false })
    const entry = this.pending.find(({ frame }) => frame.id === id)
    const keep = entry?.text && TRY_AGAIN.includes(code)
    if (keep) entry.failed = true
    else this.#settle(id)
    if (entry?.frame.type === "code") return this.#tell("code-refused", { limited: code === "rate_limited" })
    if (entry?.text) this.#tell("sending", { ...entry, id, delivery: keep ? "failed" : "refused" })
    this.#tell("problem", { message })
  }

  #disconnected({ code, again }) {
    const why = { not_found: "unknown", identify: "identify" }[this.#refusal] ?? "elsewhere"
    this.#refusal = null
    clearTimeout(this.#overdue)
    this.#online(false)
    this.#tell("working", { on: false })
    this.#tell("typing", { on: false })
    if (!again) this.#tell("lost", { why, code })
  }

  #online(online) {
    this.online = online
    this.#tell("connection", { online })
    if (online) return
    for (const entry of this.pending) if (entry.text) this.#tell("sending", { ...entry, id: entry.frame.id, delivery: "waiting" })
  }

  #post(frame, text) {
    const entry = { frame: { ...frame, id: crypto.randomUUID?.() ?? uuid() }, text, at: new Date().toISOString() }
    const others = this.pending.filter((one) => one.text || one.frame.type !== frame.type)      // asked once is enough
    this.#store.set({ pending: [...others, entry] })
    this.#send(entry)
    return entry.frame.id
  }

  #send(entry) {
    const sent = this.online && this.#socket.send(entry.frame)
    if (entry.text) this.#tell("sending", { ...entry, id: entry.frame.id, delivery: sent ? "sending" : "waiting" })
    if (!sent) return
    entry.failed = false
    clearTimeout(this.#overdue)
    this.#overdue = setTimeout(() => this.pending.some(({ failed }) => !failed) && this.reconnect(), ACK_TIME)
  }

  #settle(id) {
    const entry = this.pending.find(({ frame }) => frame.id === id)
    if (entry) this.#store.set({ pending: this.pending.filter(({ frame }) => frame.id !== id) })
    if (!this.pending.length) clearTimeout(this.#overdue)
    return entry
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/** randomUUID is missing on pages without TLS. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}
