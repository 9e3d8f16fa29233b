/**
 * A WebSocket that comes back. JSON frames in and out; what was said is replayed by the server, never kept here.
 *
 *   const socket = new ReconnectingSocket(url, { greet: () => ({ type: "hello", … }) })   // or a promise of it; may be left out
 *   socket.open()            connect, and keep connected until close()
 *   socket.send(frame)       → true if it was handed to an open connection; false otherwise, and nothing is kept
 *   socket.reconnect()       drop the connection if there is one, and connect again now
 *   socket.close()           stop for good (open() starts again)
 *   socket.connected         boolean
 *
 * Events: "connect"; "frame" with `frame`; "disconnect" with `code` (a number) and `again` (whether it will retry).
 * It waits 0.5 s, 1 s, 2 s … 30 s between attempts, each shortened by chance so that not everybody returns at once
 * after a restart. Two closings are final: a refusal by policy (1008), because asking again would get the same answer, and
 * "opened elsewhere" (4001), because two pages that push each other out would go on for ever.
 */
const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000
const CONNECT_TIMEOUT = 10_000
const FINAL = [1008, 4001]

export class ReconnectingSocket extends EventTarget {
  #url
  #greet
  #socket = null
  #wanted = false
  #attempts = 0
  #timer

  constructor(url, { greet = () => null } = {}) {
    super()
    this.#url = url
    this.#greet = greet
    addEventListener("online", () => this.#hurry())
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry())
  }

  get connected() {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  open() {
    this.#wanted = true
    if (!this.#socket) this.#connect()
  }

  close() {
    this.#wanted = false
    this.#drop()
  }

  reconnect() {
    const lost = this.connected
    this.#drop()
    this.#attempts = 0
    this.open()
    if (lost) this.#tell("disconnect", { code: 1000, again: true })
  }

  send(frame) {
    if (!this.connected) return false
    this.#socket.send(JSON.stringify(frame))
    return true
  }

  #connect() {
    clearTimeout(this.#timer)
    let socket
    try {
      socket = new WebSocket(this.#url)
    } catch {
      return this.#ended(1006)              // not allowed from this page at all
    }
    this.#socket = socket
    const mine = (listener) => (event) => this.#socket === socket && listener(event)
    this.#timer = setTimeout(mine(() => this.#ended(1006)), CONNECT_TIMEOUT)
    socket.addEventListener("open", mine(() => this.#opened(socket)))
    socket.addEventListener("message", mine((event) => this.#received(event.data)))
    socket.addEventListener("close", mine((event) => this.#ended(event.code)))
    socket.addEventListener("error", mine(() => this.#ended(1006)))          // blocked by policy: no close follows
  }

  async #opened(socket) {
    clearTimeout(this.#timer)
    let greeting
    try {
      greeting = await this.#greet()
    } catch {
      return this.#socket === socket && this.#ended(1006)      // what the greeting needs cannot be had now
    }
    if (this.#socket !== socket) return
    if (greeting) this.send(greeting)
    this.#tell("connect")
  }

  #received(data) {
    let frame
    try {
      frame = JSON.parse(data)
    } catch {
      return this.reconnect()
    }
    if (frame.type !== "error") this.#attempts = 0   // not at "open": a server that accepts and refuses must not be hammered
    this.#tell("frame", { frame })
  }

  #ended(code) {
    this.#drop()
    const again = this.#wanted && !FINAL.includes(code)
    this.#wanted = again
    if (again) this.#timer = setTimeout(() => this.#connect(), this.#wait())
    this.#tell("disconnect", { code, again })
  }

  #wait() {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts++)
    return longest * (0.5 + Math.random() / 2)
  }

  #hurry() {
    if (!this.#wanted || this.#socket) return
    this.#attempts = 0
    this.#connect()
  }

  #drop() {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  #tell(type, details = {}) {
    this.dispatchEvent(Object.assign(new Event(type), details))
  }
}
