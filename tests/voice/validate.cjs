// Reads lists of verbs from standard input; fails on the first that one of the vendor's validators refuses.
const lists = JSON.parse(require("node:fs").readFileSync(0, "utf8"))
const logger = { info() {}, debug() {}, error() {} }
for (const name of ["@jambonz/schema", "@jambonz/verb-specifications"]) {
  const { validate } = require(name)
  for (const verbs of lists) {
    try {
      validate(logger, verbs)
    } catch (error) {
      console.error(`${name}: ${error.message}\n${JSON.stringify(verbs, null, 1)}`)
      process.exit(1)
    }
  }
}
