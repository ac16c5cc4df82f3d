/**
 * A certificate authority of one's own and what it signs: for labs and tests, where nobody else would vouch for 127.0.0.1. Keys and
 * signatures are Node's, on P-256, which takes a thousandth of the time that RSA takes; the library writes certificates
 * (docs/decisions/0040-certificates.md).
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import forge from "node-forge";
import type { Clock, Random } from "../io/io.ts";

/** Both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 3600 * 1000;
/** Clocks of machines differ. */
const BEFORE_MS = DAY_MS;
const VALID_DAYS = 3650;

export class LocalAuthority {
  /** PEM: what those are given who are to believe the certificates. */
  readonly certificate: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: KeyObject;
  readonly #name: forge.pki.CertificateField[];

  constructor(clock: Clock, random: Random, name = "nines local CA") {
    this.#clock = clock;
    this.#random = random;
    this.#name = [{ name: "commonName", value: name }];
    const { publicKey, privateKey } = makeKeys();
    this.#key = privateKey;
    this.certificate = this.#certify(this.#name, publicKey, [
      { name: "basicConstraints", critical: true, cA: true },
      { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true },
    ]);
  }

  /**
   * A certificate with which one can be a server and a client.
   * @param hosts  names and addresses that clients may call it by
   */
  issue(name: string, hosts: readonly string[] = ["localhost", "127.0.0.1", "::1"]): KeyPair {
    const { publicKey, privateKey } = makeKeys();
    const certificate = this.#certify([{ name: "commonName", value: name }], publicKey, [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", critical: true, digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      { name: "subjectAltName", altNames: hosts.map(altName) },
    ]);
    return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
  }

  #certify(subject: forge.pki.CertificateField[], publicKey: KeyObject, extensions: object[]): string {
    const certificate = forge.pki.createCertificate();
    const now = this.#clock.now();
    // Positive, and its own: clients mind two certificates of one authority with the same number.
    certificate.serialNumber = `01${Buffer.from(this.#random.bytes(15)).toString("hex")}`;
    certificate.validity.notBefore = new Date(now - BEFORE_MS);
    certificate.validity.notAfter = new Date(now + VALID_DAYS * DAY_MS);
    certificate.setSubject(subject);
    certificate.setIssuer(this.#name);
    certificate.setExtensions(extensions);
    certificate.publicKey = PLACEHOLDER;
    certificate.siginfo.algorithmOid = ECDSA_WITH_SHA256;
    return this.#sign(pki.getTBSCertificate(certificate), publicKey);
  }

  /** The library knows RSA keys alone: ours is put in the place of the one that it wrote, and what it wrote is signed by Node. */
  #sign(unsigned: forge.asn1.Asn1, publicKey: KeyObject): string {
    const { Class, Type, create, fromDer, toDer } = forge.asn1;
    const fields = unsigned.value as forge.asn1.Asn1[];
    const spki = publicKey.export({ type: "spki", format: "der" });
    fields[PUBLIC_KEY] = fromDer(spki.toString("latin1"));
    fields[ALGORITHM] = algorithm();
    const signature = sign("sha256", Buffer.from(toDer(unsigned).getBytes(), "latin1"), this.#key);
    const bits = create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${signature.toString("latin1")}`);
    const whole = create(Class.UNIVERSAL, Type.SEQUENCE, true, [unsigned, algorithm(), bits]);
    const text = Buffer.from(toDer(whole).getBytes(), "latin1").toString("base64");
    return `-----BEGIN CERTIFICATE-----\n${text.replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
  }
}

/** Its types forget one of its functions. */
const pki = forge.pki as unknown as { getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1 };
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
/** Where a certificate's fields are: behind the version and the number, and behind the subject. */
const ALGORITHM = 2;
const PUBLIC_KEY = 6;
const PLACEHOLDER = forge.pki.setRsaPublicKey(new forge.jsbn.BigInteger("1"), new forge.jsbn.BigInteger("1"));

/** ECDSA's has no parameters, not even a null. */
function algorithm(): forge.asn1.Asn1 {
  const { Class, Type, create, oidToDer } = forge.asn1;
  const oid = create(Class.UNIVERSAL, Type.OID, false, oidToDer(ECDSA_WITH_SHA256).getBytes());
  return create(Class.UNIVERSAL, Type.SEQUENCE, true, [oid]);
}

function makeKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function altName(host: string): { type: number; value?: string; ip?: string } {
  return /^[\d.]+$|:/.test(host) ? { type: 7, ip: host } : { type: 2, value: host };
}
