/**
 * Asks the service, with the token in a header. The token comes in the fragment of the link (#chat=… the secret of one
 * conversation, #identity=… a signed token of the municipality's site); it is taken out of the address at once, and kept
 * for this tab only, so that a reload works and the next person at this computer finds nothing.
 *
 *   const service = await Access.begin()          → throws Refused
 *   await service.get("contacts")                 → what it answers
 */
const KEY = "wegwijs mine"
const CODES = ["token", "identify", "not_found", "throttled", "held", "callback", "running", "invalid"]

export class Refused extends Error {
  constructor(code) {
    super(code)
    this.code = code
  }
}

export class Access {
  #token

  static async begin() {
    const given = new URLSearchParams(location.hash.slice(1))
    if (location.hash) history.replaceState(null, "", location.pathname + location.search)
    const access = new Access()
    access.#token = given.get("chat") ?? recall()
    if (given.get("identity")) access.#token = (await access.#ask("session", { method: "POST" }, given.get("identity"))).token
    if (!access.#token) throw new Refused("no_token")
    keep(access.#token)
    return access
  }

  get(path) {
    return this.#ask(path)
  }

  change(path, value) {
    return this.#ask(path, { method: "PATCH", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } })
  }

  erase(path) {
    return this.#ask(path, { method: "DELETE" })
  }

  /** A file: JSON, or text in this language. */
  async file(type, language) {
    const answer = await this.#fetch("export", { headers: { Accept: type, "Accept-Language": language } })
    return answer.blob()
  }

  async #ask(path, options, token) {
    const answer = await this.#fetch(path, options, token)
    return answer.status === 204 ? null : answer.json()
  }

  async #fetch(path, { headers, ...options } = {}, token = this.#token) {
    const request = { ...options, headers: { ...headers, Authorization: `Bearer ${token}` }, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" }
    const answer = await fetch(`/mine/${path}`, request).catch(() => null)
    if (answer?.ok) return answer
    const { code } = (await answer?.json().catch(() => null)) ?? {}
    if (code === "token") forget()
    throw new Refused(CODES.includes(code) ? code : "failed")
  }
}

function recall() {
  try {
    return sessionStorage.getItem(KEY)
  } catch {
    return null
  }
}

function keep(token) {
  try {
    sessionStorage.setItem(KEY, token)
  } catch {
    // storage is forbidden: a reload asks for the link again
  }
}

function forget() {
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // nothing was kept
  }
}
