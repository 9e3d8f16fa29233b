import { element } from "../shared/element.js"
import { beep, wakeSound } from "./alerts.js"
import { ask, checkbox } from "./dialog.js"
import { settings } from "./storage.js"
import { t } from "./words.js"

/** What this browser remembers. `change(name, value)` remembers a setting. */
export function settingsDialog({ change }) {
  const switchSound = (on) => {
    change("sound", on)
    if (on) wakeSound()
    beep()
  }
  return ask({
    heading: t("settings.heading"),
    body: [
      element("p", { class: "hint" }, t("settings.intro")),
      checkbox("setting-sound", t("settings.sound"), settings.sound, switchSound),
      checkbox("setting-title", t("settings.title"), settings.title, (on) => change("title", on)),
      checkbox("setting-keys", t("settings.keys"), settings.keys, (on) => change("keys", on)),
    ],
  })
}
