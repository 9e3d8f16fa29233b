/**
 * What this browser remembers. Settings stay (localStorage); unsent text goes with the tab (sessionStorage) and belongs
 * to one member of staff, so that the next person at the same desk never sees it. A browser that stores nothing still works.
 */
const SETTINGS = "wegwijs-console"
const UNSENT = "wegwijs-console-unsent"
const DEFAULTS = { sound: false, title: false, keys: true, packet: true, language: null, team: "" }

export const settings = { ...DEFAULTS, ...read(() => localStorage, SETTINGS) }

export function remember(name, value) {
  settings[name] = value
  write(() => localStorage, SETTINGS, settings)
}

/** Texts that were typed but not sent, by name ("reply:<conversation>"), and frames that were not acknowledged yet. */
export class Unsent {
  #key
  #kept

  constructor(staff) {
    this.#key = `${UNSENT}:${staff}`
    this.#kept = { texts: {}, frames: [], ...read(() => sessionStorage, this.#key) }
  }

  text(name) {
    return this.#kept.texts[name] ?? ""
  }

  keep(name, text) {
    if (text) this.#kept.texts[name] = text
    else delete this.#kept.texts[name]
    this.#save()
  }

  get frames() {
    return this.#kept.frames
  }

  set frames(frames) {
    this.#kept.frames = frames
    this.#save()
  }

  clear() {
    this.#kept = { texts: {}, frames: [] }
    try {
      sessionStorage.removeItem(this.#key)
    } catch {
      // nothing was kept there either
    }
  }

  #save() {
    write(() => sessionStorage, this.#key, this.#kept)
  }
}

/** Whether this tab said "away"; a reload must not make somebody available. */
export const lastPresence = {
  get: () => read(() => sessionStorage, "wegwijs-console-presence")?.status ?? "available",
  set: (status) => write(() => sessionStorage, "wegwijs-console-presence", { status }),
}

function read(storage, key) {
  try {
    return JSON.parse(storage().getItem(key)) ?? {}
  } catch {
    return {}
  }
}

function write(storage, key, value) {
  try {
    storage().setItem(key, JSON.stringify(value))
  } catch {
    // private mode or full: the page works on without memory
  }
}
