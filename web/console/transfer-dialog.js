import { element } from "../shared/element.js"
import { ask, choices, field } from "./dialog.js"
import { t } from "./words.js"

/** To a team or a colleague, with a reason. `send({ team | staff, reason })` → Promise; `texts` keeps the reason. */
export function transferDialog({ desk, team, texts, send }) {
  let kind = "team"
  const teams = select(desk.teams.filter((one) => one.team !== team), (one) => [one.team, `${one.name} · ${t("lists.staff_available", { count: one.available })}`])
  const colleagues = desk.colleagues.filter((one) => one.staff !== desk.me.staff && one.status === "available")
  const people = select(colleagues, (one) => [one.staff, one.name])
  const reason = element("textarea", { rows: "3", maxlength: "2000", oninput: () => texts.keep("transfer", reason.value) })
  reason.value = texts.get("transfer")
  const toTeam = field("transfer-team", t("transfer.choose_team"), teams)
  const toPerson = field("transfer-staff", t("transfer.choose_person"), people)
  const choose = (value) => {
    kind = value
    toTeam.hidden = value !== "team"
    toPerson.hidden = value !== "staff"
  }
  const body = [
    choices("transfer-to", t("transfer.to"), [["team", t("transfer.team")], ["staff", t("transfer.person")]], kind, choose),
    toTeam, toPerson,
    field("transfer-reason", t("transfer.reason"), reason, t("transfer.reason_hint")),
  ]
  choose(kind)
  const target = () => (kind === "team" ? teams : people)
  return ask({
    heading: t("transfer.heading"), submit: t("transfer.submit"), body,
    check: () => [
      ...(target().value ? [] : [{ field: target(), text: t("transfer.need_target") }]),
      ...(reason.value.trim() ? [] : [{ field: reason, text: t("transfer.need_reason") }]),
    ],
    send: async () => {
      await send({ [kind]: target().value, reason: reason.value.trim() })
      texts.keep("transfer", "")
    },
  })
}

function select(items, option) {
  const build = ([value, text]) => element("option", { value }, text)
  return element("select", {}, build(["", t("transfer.pick")]), items.map((item) => build(option(item))))
}
