/** TLS: known, so that shared files load; turning it on is refused until it is built. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer } from "../numeric.ts";
import { path, text } from "../texts.ts";

const TLS = { inert: "used by TLS only, which `tls-port`, `tls-replication` and `tls-cluster` would turn on" };
const notYet = (on: boolean | number) => (on ? "TLS is not supported yet" : undefined);

export const tls = {
  "tls-port": integer(0, 0, 65535, { refuse: notYet }),
  "tls-replication": yesNo(false, { refuse: notYet }),
  "tls-cluster": yesNo(false, { refuse: notYet }),
  "tls-cert-file": path("", TLS),
  "tls-key-file": path("", TLS),
  "tls-key-file-pass": text("", { sensitive: true, ...TLS }),
  "tls-client-cert-file": path("", TLS),
  "tls-client-key-file": path("", TLS),
  "tls-client-key-file-pass": text("", { sensitive: true, ...TLS }),
  "tls-dh-params-file": path("", TLS),
  "tls-ca-cert-file": path("", TLS),
  "tls-ca-cert-dir": path("", TLS),
  "tls-auth-clients": oneOf(["no", "yes", "optional"], "yes", TLS),
  "tls-protocols": text("", TLS),
  "tls-ciphers": text("", TLS),
  "tls-ciphersuites": text("", TLS),
  "tls-prefer-server-ciphers": yesNo(false, TLS),
  "tls-session-caching": yesNo(true, TLS),
  "tls-session-cache-size": integer(20 * 1024, 0, INT_MAX, TLS),
  "tls-session-cache-timeout": integer(300, 0, INT_MAX, TLS),
};
