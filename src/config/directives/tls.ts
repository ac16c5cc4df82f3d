/** TLS: where it is spoken, with which certificates, and how. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer } from "../numeric.ts";
import { path, text } from "../texts.ts";

/** A file may hold something new under its old name. */
const FILE = { rereads: true };

export const tls = {
  "tls-port": integer(0, 0, 65535),
  "tls-replication": yesNo(false),
  "tls-cluster": yesNo(false),
  "tls-cert-file": path("", FILE),
  "tls-key-file": path("", FILE),
  "tls-key-file-pass": text("", { sensitive: true }),
  "tls-client-cert-file": path("", FILE),
  "tls-client-key-file": path("", FILE),
  "tls-client-key-file-pass": text("", { sensitive: true }),
  "tls-dh-params-file": path("", FILE),
  "tls-ca-cert-file": path("", FILE),
  "tls-ca-cert-dir": path("", FILE),
  "tls-auth-clients": oneOf(["no", "yes", "optional"], "yes"),
  "tls-protocols": text(""),
  "tls-ciphers": text(""),
  "tls-ciphersuites": text(""),
  "tls-prefer-server-ciphers": yesNo(false),
  "tls-session-caching": yesNo(true),
  "tls-session-cache-size": integer(20 * 1024, 0, INT_MAX, {
    inert: "clients keep their sessions themselves, as tickets; the server keeps none",
  }),
  "tls-session-cache-timeout": integer(300, 0, INT_MAX),
};
