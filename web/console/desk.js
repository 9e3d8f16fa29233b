/**
 * What this desk knows: the lists, the people, the conversations that are open here. Frames go in by receive(); no DOM,
 * no socket. Turns are kept by `pos`, so that a frame that comes twice changes nothing.
 *
 * Events: "lists", "people", "callbacks"; "context", "turn" (with `turn`) and "typing", each with `conversation`;
 * "waiting" with `added` when somebody starts to wait; "handed" with `conversation` when it became mine without my claim.
 */
export class Desk extends EventTarget {
  me = null
  calls = false                                  // a telephone gateway is connected
  teams = []
  colleagues = []
  topics = new Map()
  callbacks = new Map()
  opened = new Map()               // id → { packet, contacts, callbacks, turns: Map(pos → turn), typing, seen, … }
  #conversations = new Map()
  #claiming = new Set()

  receive(frame) {
    const handle = {
      ready: this.#ready, conversation: this.#conversation, context: this.#context, turn: this.#turn,
      typing: this.#typing, presence: this.#presence, callbacks: this.#callbacks,
    }[frame.type]
    handle?.call(this, frame)
  }

  /** Waiting for one of my teams, or for `team`: who waits longest first, lost conversations before all. */
  waiting(team = "") {
    const mine = (one) => one.state === "waiting" && (team ? one.team === team : this.#mayTake(one))
    return [...this.#conversations.values()].filter(mine).sort(byWaiting)
  }

  mine() {
    return [...this.#conversations.values()].filter((one) => this.isMine(one)).sort(byWaiting)
  }

  isMine({ state, owner }) {
    return state === "staff" && owner?.staff === this.me?.staff
  }

  /** Everything known of one conversation, or undefined. */
  view(id) {
    const opened = this.opened.get(id)
    const summary = this.#conversations.get(id)
    return opened || summary ? { conversation: id, ...opened, ...summary } : undefined
  }

  openCallbacks() {
    const wanted = ({ status }) => status === "open" || status === "unconfirmed"
    return [...this.callbacks.values()].filter(wanted).sort((a, b) => a.created_at.localeCompare(b.created_at))
  }

  /** What the resident said since this desk last looked; before the first look the service's own count. */
  unread(one) {
    const opened = this.opened.get(one.conversation)
    if (!opened?.turns.size) return one.unread ?? 0
    return [...opened.turns.values()].filter((turn) => turn.from === "resident" && turn.pos > opened.seen).length
  }

  lastPos(id) {
    return Math.max(0, ...(this.opened.get(id)?.turns.keys() ?? []))
  }

  look(id) {
    const opened = this.opened.get(id)
    if (!opened || opened.seen === this.lastPos(id)) return
    opened.seen = this.lastPos(id)
    this.#tell("lists")
  }

  forget(id) {
    this.opened.delete(id)
  }

  topicName(topic, language) {
    return this.topics.get(topic)?.label[language] ?? this.topics.get(topic)?.label.nl ?? topic
  }

  teamName(team) {
    return this.teams.find((one) => one.team === team)?.name ?? team
  }

  /** The name of a colleague who is there now, or nothing: an id means little to people. */
  staffName(staff) {
    return this.colleagues.find((one) => one.staff === staff)?.name
  }

  claiming(id, on) {
    this.#claiming[on ? "add" : "delete"](id)
  }

  #mayTake(one) {
    return !this.me?.teams?.length || this.me.teams.includes(one.team)
  }

  #ready(frame) {
    const before = new Set(this.waiting().map((one) => one.conversation))
    const again = this.me !== null
    this.me = frame.me
    this.calls = frame.calls ?? false
    this.topics = new Map((frame.topics ?? []).map((topic) => [topic.id, topic]))
    this.#conversations = new Map(frame.conversations.map((one) => [one.conversation, one]))
    this.#presence(frame)
    this.#tell("lists")
    const added = this.waiting().filter((one) => !before.has(one.conversation))
    if (again && added.length) this.#tell("waiting", { added })
  }

  #conversation(summary) {
    const id = summary.conversation
    const before = this.#conversations.get(id)
    if (before && before.epoch > summary.epoch) return
    const opened = this.opened.get(id)
    if (opened) Object.assign(opened, { state: summary.state, owner: summary.owner, epoch: summary.epoch, team: summary.team })
    const listed = this.isMine(summary) || (summary.state === "waiting" && this.#mayTake(summary))
    if (listed) this.#conversations.set(id, { ...before, ...summary })
    else this.#conversations.delete(id)
    if (opened) this.#tell("context", { conversation: id })
    this.#tell("lists")
    if (listed && summary.state === "waiting" && before?.state !== "waiting") this.#tell("waiting", { added: [summary] })
    const handed = this.isMine(summary) && !(before && this.isMine(before)) && !this.#claiming.has(id)
    if (handed) this.#tell("handed", { conversation: id })
  }

  #context(frame) {
    const { type, id, turns, conversation, ...known } = frame
    const opened = this.opened.get(conversation) ?? { turns: new Map(), seen: 0, typing: null }
    this.opened.set(conversation, Object.assign(opened, known))
    const summary = this.#conversations.get(conversation)
    if (summary) for (const name of ["state", "epoch", "owner", "team"]) if (name in known) summary[name] = known[name]
    this.#tell("context", { conversation })
    for (const turn of turns) this.#turn({ conversation, turn })
    this.#tell("restored", { conversation })
  }

  #turn({ conversation, turn }) {
    const opened = this.opened.get(conversation)
    if (!opened || opened.turns.has(turn.pos)) return
    opened.turns.set(turn.pos, turn)
    if (turn.from === opened.typing?.from) opened.typing = null
    this.#tell("turn", { conversation, turn })
  }

  #typing({ conversation, on, from = "resident", name = null }) {
    const opened = this.opened.get(conversation)
    if (!opened) return
    opened.typing = on ? { from, name, at: Date.now() } : null
    this.#tell("typing", { conversation })
  }

  #presence({ teams = [], colleagues = [] }) {
    this.teams = teams
    this.colleagues = colleagues
    this.#tell("people")
  }

  #callbacks({ callbacks }) {
    for (const one of callbacks) this.callbacks.set(one.callback, one)
    for (const opened of this.opened.values())
      opened.callbacks = opened.callbacks?.map((one) => this.callbacks.get(one.callback) ?? one)
    this.#tell("callbacks")
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(Object.assign(new Event(type), detail))
  }
}

function byWaiting(one, other) {
  const first = (other.priority ?? 0) - (one.priority ?? 0)
  return first || String(one.waiting_since).localeCompare(String(other.waiting_since))
}
