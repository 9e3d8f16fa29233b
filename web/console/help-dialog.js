import { element } from "../shared/element.js"
import { ask, checkbox } from "./dialog.js"
import { keyOf, SHORTCUTS } from "./shortcuts.js"
import { settings } from "./storage.js"
import { t } from "./words.js"

const FIXED = [["Enter", "help.send"], ["Shift+Enter", "help.new_line"], ["Escape", "help.escape"]]

/** The shortcuts, and the switch that turns them off. `change(name, value)` remembers a setting. */
export function helpDialog({ change }) {
  const row = (keys, text) => element("tr", {}, element("th", { scope: "row" }, element("kbd", {}, keys)), element("td", {}, t(text)))
  return ask({
    heading: t("help.heading"), wide: true,
    body: [
      element("p", {}, t("help.intro")),
      checkbox("help-keys", t("settings.keys"), settings.keys, (on) => change("keys", on)),
      element("table", { class: "keys" },
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, t("help.key")), element("th", { scope: "col" }, t("help.does")))),
        element("tbody", {},
          Object.values(SHORTCUTS).map((name) => row(keyOf(name), `key.${name}`)),
          FIXED.map(([keys, text]) => row(keys, text)))),
    ],
  })
}
