import { element, fill } from "../shared/element.js"
import { ask, choices, field } from "./dialog.js"
import { spoken, t } from "./words.js"

const OUTCOMES = ["resolved", "referred", "callback", "abandoned", "abuse"]
const MOST_SHOWN = 8

/**
 * Outcome, summary and subjects. `suggested`: topic ids, the first is chosen already; `send({ outcome, summary, subjects })`
 * → Promise; `texts` keeps the summary.
 */
export function wrapupDialog({ desk, suggested, texts, send }) {
  let outcome = null
  const summary = element("textarea", { rows: "4", maxlength: "1000", oninput: () => texts.keep("summary", summary.value) })
  summary.value = texts.get("summary")
  const outcomes = choices("wrapup-outcome", t("wrapup.outcome"), OUTCOMES.map((value) => [value, t(`outcome.${value}`)]), null, (value) => (outcome = value))
  const subjects = new Subjects(desk, suggested)
  return ask({
    heading: t("wrapup.heading"), submit: t("wrapup.submit"), wide: true,
    body: [outcomes, field("wrapup-summary", t("wrapup.summary"), summary, t("wrapup.summary_hint")), subjects.node],
    check: () => [
      ...(outcome ? [] : [{ field: outcomes.querySelector("input"), text: t("wrapup.need_outcome") }]),
      ...(summary.value.trim() ? [] : [{ field: summary, text: t("wrapup.need_summary") }]),
    ],
    send: async () => {
      await send({ outcome, summary: summary.value.trim(), subjects: subjects.chosen })
      texts.keep("summary", "")
    },
  })
}

/** Topics to tick: those chosen and suggested first, then what the search finds. */
class Subjects {
  #desk
  #chosen
  #suggested

  constructor(desk, suggested) {
    this.#desk = desk
    this.#suggested = suggested.filter((topic) => desk.topics.has(topic))
    this.#chosen = new Set(this.#suggested.slice(0, 1))
    this.search = element("input", { type: "search", autocomplete: "off", oninput: () => this.#find(), onkeydown: (event) => event.key === "Enter" && event.preventDefault() })
    this.found = element("p", { class: "hint", role: "status" })
    this.list = element("ul", { class: "subjects" })
    this.node = element("fieldset", { class: "choices" }, element("legend", {}, t("wrapup.subjects")), field("wrapup-search", t("wrapup.search"), this.search), this.found, this.list)
    this.#show(this.#suggested)
  }

  get chosen() {
    return [...this.#chosen]
  }

  #find() {
    const words = plain(this.search.value).split(/\s+/).filter(Boolean)
    if (!words.length) {
      this.found.textContent = ""
      return this.#show(this.#suggested)
    }
    const hits = [...this.#desk.topics.keys()].filter((topic) => words.every((word) => this.#searched(topic).includes(word)))
    const count = t(hits.length ? "wrapup.found" : "wrapup.found_none", { count: hits.length })
    this.found.textContent = hits.length > MOST_SHOWN ? `${count} ${t("wrapup.more")}` : count
    this.#show(hits.slice(0, MOST_SHOWN))
  }

  #searched(topic) {
    return plain([topic.replaceAll("_", " "), ...Object.values(this.#desk.topics.get(topic).label)].join(" "))
  }

  #show(topics) {
    const shown = [...new Set([...this.#chosen, ...topics])]
    fill(this.list, shown.map((topic) => element("li", { class: "check" },
      element("input", { type: "checkbox", id: `subject-${topic}`, checked: this.#chosen.has(topic), onchange: (event) => this.#chosen[event.target.checked ? "add" : "delete"](topic) }),
      element("label", { for: `subject-${topic}` }, this.#desk.topicName(topic, spoken())))))
  }
}

/** For searching: lower case, no accents. */
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "")
