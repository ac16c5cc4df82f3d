/**
 * Commands of Redis that are not built here. Rules may name them all the same, as those that redis.io documents for Sentinels do
 * (`+script|kill`), and their categories have them; nobody can call them. A command that is built is known by its row, and its
 * line here counts no more.
 */

/** A command and its categories; subcommands as `container|subcommand`, behind their container. */
export const ABSENT: Readonly<Record<string, string>> = {
  bgrewriteaof: "admin slow dangerous",
  eval: "slow scripting",
  eval_ro: "slow scripting",
  evalsha: "slow scripting",
  evalsha_ro: "slow scripting",
  fcall: "slow scripting",
  fcall_ro: "slow scripting",
  function: "slow",
  "function|delete": "write slow scripting",
  "function|dump": "slow scripting",
  "function|flush": "write slow scripting",
  "function|help": "slow scripting",
  "function|kill": "slow scripting",
  "function|list": "slow scripting",
  "function|load": "write slow scripting",
  "function|restore": "write slow scripting",
  "function|stats": "slow scripting",
  module: "slow",
  "module|help": "slow",
  "module|list": "admin slow dangerous",
  "module|load": "admin slow dangerous",
  "module|loadex": "admin slow dangerous",
  "module|unload": "admin slow dangerous",
  script: "slow",
  "script|debug": "slow scripting",
  "script|exists": "slow scripting",
  "script|flush": "slow scripting",
  "script|help": "slow scripting",
  "script|kill": "slow scripting",
  "script|load": "slow scripting",
};
