/** The page /mine: what the municipality keeps of one resident, or of one conversation. */
import { element, fill } from "../shared/element.js"
import { language as known, translator } from "../shared/i18n.js"
import { Access, Refused } from "./access.js"
import { defineContactCard } from "./contact-card.js"
import { TEXTS } from "./texts.js"

const main = document.querySelector("#mine")
const status = element("p", { class: "status", role: "status" })
const error = element("p", { class: "error", role: "alert" })
let language = known(new URLSearchParams(location.search).get("language"), navigator.language)
let t = translator(TEXTS, language)
let service = null
let found = null
let refusal = null

function show() {
  t = translator(TEXTS, language)
  document.documentElement.lang = language
  document.title = t("title")
  const other = element("button", { type: "button", lang: language === "nl" ? "en" : "nl", onclick: switchLanguage }, t("other_language"))
  const head = element("div", { class: "top" }, element("h1", { tabindex: -1 }, t("title")), other)
  fill(main, head, status, error, found && body())
  error.textContent = refusal ? t(refusal) : ""
}

function body() {
  const { person, contacts } = found
  if (!contacts.length) return [element("p", {}, t("none")), identities(person)]
  return [
    element("p", {}, t(person ? "intro" : "one")),
    element("div", { class: "buttons" },
      element("button", { type: "button", onclick: () => save("text/plain", "txt") }, t("save_text")),
      element("button", { type: "button", onclick: () => save("application/json", "json") }, t("save_json"))),
    identities(person),
    element("ul", { class: "contacts" }, contacts.map((contact) => element("li", {}, card(contact)))),
  ]
}

function identities(person) {
  if (!person?.identities.length) return null
  const rows = person.identities.map(({ kind, value }) => [element("dt", {}, t(`kind_${kind}`)), element("dd", {}, value)])
  return element("section", { "aria-labelledby": "known" }, element("h2", { id: "known" }, t("known")), element("p", {}, t("known_text")), element("dl", {}, rows))
}

function card(contact) {
  const one = Object.assign(document.createElement("mine-contact"), { shown: { contact, t, language } })
  one.addEventListener("read", () => attempt(async () => one.turns((await service.get(`contacts/${contact.id}`)).turns), one))
  one.addEventListener("erase", () => attempt(() => erase(contact), one))
  one.addEventListener("correct", ({ detail }) => attempt(async () => {
    one.corrected(await service.change(`details/${detail.id}`, { value: detail.value }))
    say("corrected")
  }, one))
  return one
}

async function erase(contact) {
  await service.erase(`contacts/${contact.id}`)
  found.contacts = found.contacts.filter((one) => one !== contact)
  show()
  say("erased")
  main.querySelector("h1").focus()
}

async function save(type, ending) {
  await attempt(async () => {
    const url = URL.createObjectURL(await service.file(type, language))
    element("a", { href: url, download: `${t("file")}.${ending}` }).click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
    say("saved")
  })
}

/** Shows why something could not be done: at the conversation it was about, or at the top. */
async function attempt(work, one = null) {
  one?.say("")
  try {
    await work()
  } catch (caught) {
    if (!(caught instanceof Refused)) throw caught
    const { code } = caught
    if (one && ["held", "callback", "running"].includes(code)) return one.stays(code)
    if (one && !["token", "identify"].includes(code)) return one.say(t(code))
    refusal = code
    show()
  }
}

function say(key) {
  status.textContent = key ? t(key) : ""
}

function switchLanguage() {
  language = language === "nl" ? "en" : "nl"
  say(null)
  show()
  main.querySelector(".top button").focus()
}

defineContactCard()
show()
say("loading")
await attempt(async () => {
  service = await Access.begin()
  found = await service.get("contacts")
})
say(null)
show()
