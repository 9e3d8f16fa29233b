// What draws attention to the lists: one short spoken status at a time, a sound and a mark in the title if switched on.
import { settings } from "./storage.js"
import { t } from "./words.js"

const QUIET = 5000                               // ms an announcement stands before a change of the lists is told

/** Texts for the role="status" region. The region exists before the text; the same text twice is announced twice. */
export class Announcer {
  #region
  #timer = null
  #next = null
  #last = 0

  constructor(region) {
    this.#region = region
  }

  /** The outcome of what this person did: at once, and no news takes its place before it can be read. */
  say(text) {
    const same = this.#region.textContent === text
    this.#region.textContent = same ? `${text}\u00a0` : text
    this.#last = Date.now()
    if (this.#next) this.#tellLater()
  }

  /** A change of the lists: `text()` is asked when its time has come, so that it tells how things are then. */
  news(text) {
    const first = !this.#next
    this.#next = text
    if (first) this.#tellLater()
  }

  stop() {
    clearTimeout(this.#timer)
  }

  #tellLater() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tell(), Math.max(500, this.#last + QUIET - Date.now()))
  }

  #tell() {
    const text = this.#next
    this.#next = null
    this.say(text())
  }
}

export function markTitle(waiting) {
  const mark = settings.title && waiting ? `(${waiting}) ` : ""
  document.title = mark + t("app.title")
}

let sound = null

/** Two short soft tones, made here: no file, no request. */
export function beep() {
  if (!settings.sound) return
  play(wakeSound())
}

/** Browsers let a page sound only after a click or a key; call this from one. */
export function wakeSound() {
  sound ??= new AudioContext()
  if (sound.state === "suspended") sound.resume().catch(() => {})
  return sound
}

function play(context) {
  for (const [start, pitch] of [[0, 660], [0.18, 880]]) {
    const tone = new OscillatorNode(context, { frequency: pitch })
    const volume = new GainNode(context, { gain: 0 })
    const at = context.currentTime + start
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02)
    volume.gain.linearRampToValueAtTime(0, at + 0.16)
    tone.connect(volume).connect(context.destination)
    tone.start(at)
    tone.stop(at + 0.17)
  }
}
