/**
 * The line to the service. Frames with an id are kept until they are acknowledged, and sent again with the same id after
 * every reconnect: the service stores an id once, so that nothing is lost and nothing doubled.
 *
 *   const line = new Line(url, unsent)
 *   line.request({ type: "claim", … })   → Promise of the ack; rejects with the error frame
 *   line.tell({ type: "typing", … })     no answer wanted; lost when there is no connection
 *   line.resend()                        the frames not acknowledged yet, in their order; after "ready" was handled
 *
 * Events: "frame" with `frame` (all but ack and error of a request); "down"; "ended": the session is over (1008 or 401);
 * "failed" with `frame` and `error`: a frame of before a reload was refused; "pending" when pending() may have changed.
 */
import { ReconnectingSocket } from "../shared/socket.js"

const ASKED_AGAIN = ["open", "callbacks"]      // the desk asks these itself after each "ready"

export class Line extends EventTarget {
  #socket
  #unsent
  #waiting = new Map()                         // id → { frame, resolve, reject }
  #ready = false

  constructor(url, unsent) {
    super()
    this.#unsent = unsent
    for (const frame of unsent.frames) this.#adopt(frame)
    this.#socket = new ReconnectingSocket(url)
    this.#socket.addEventListener("frame", ({ frame }) => this.#receive(frame))
    this.#socket.addEventListener("disconnect", ({ code }) => this.#lost(code))
  }

  open() {
    this.#socket.open()
  }

  close() {
    this.#socket.close()
    this.#ready = false
  }

  request(fields) {
    const frame = { id: crypto.randomUUID(), ...fields }
    const answer = new Promise((resolve, reject) => this.#waiting.set(frame.id, { frame, resolve, reject }))
    this.#keep()
    if (this.#ready) this.#socket.send(frame)
    return answer
  }

  /** Replies and notes for this conversation that are not acknowledged yet, oldest first. */
  pending(conversation) {
    const frames = [...this.#waiting.values()].map(({ frame }) => frame)
    return frames.filter((frame) => frame.conversation === conversation && ["reply", "note"].includes(frame.type))
  }

  tell(frame) {
    if (this.#ready) this.#socket.send(frame)
  }

  resend() {
    for (const { frame } of this.#waiting.values()) this.#socket.send(frame)
  }

  #adopt(frame) {
    const reject = (error) => this.dispatchEvent(Object.assign(new Event("failed"), { frame, error }))
    this.#waiting.set(frame.id, { frame, resolve() {}, reject })
  }

  #receive(frame) {
    if (frame.type === "ready") this.#ready = true
    const request = this.#waiting.get(frame.id)
    if (request && (frame.type === "ack" || frame.type === "error")) return this.#answered(request, frame)
    this.dispatchEvent(Object.assign(new Event("frame"), { frame }))
  }

  #answered({ frame, resolve, reject }, answer) {
    this.#waiting.delete(frame.id)
    this.#keep()
    if (answer.type === "ack") resolve(answer)
    else reject(answer)
  }

  async #lost(code) {
    this.#ready = false
    for (const [id, { frame, reject }] of this.#waiting)
      if (ASKED_AGAIN.includes(frame.type)) this.#waiting.delete(id) && reject({ code: "lost" })
    this.dispatchEvent(new Event("down"))
    if (code !== 1008 && !(await sessionOver())) return
    this.#socket.close()
    this.dispatchEvent(new Event("ended"))
  }

  #keep() {
    this.#unsent.frames = [...this.#waiting.values()].map(({ frame }) => frame).filter(({ type }) => !ASKED_AGAIN.includes(type))
    this.dispatchEvent(new Event("pending"))
  }
}

/** A browser does not say why a handshake was refused; the session itself does. */
async function sessionOver() {
  try {
    return (await fetch("/console/me", { cache: "no-store" })).status === 401
  } catch {
    return false
  }
}
