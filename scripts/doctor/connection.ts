import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { connect as connectSecurely, type DetailedPeerCertificate } from "node:tls";
import { type Answer, fail, ok, skip, warn } from "./finding.ts";
import { type Service, whyNot } from "./service.ts";

const day = 24 * 60 * 60 * 1000;

/** Days before its end when a certificate that renews itself should have been renewed. */
const renewalDays = 14;

/** `URL.hostname` has IPv6 addresses in brackets, which sockets do not take. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[(.*)\]$/, "$1");
const portOf = ({ port, protocol }: URL) => Number(port || (protocol === "https:" ? 443 : 80));

export const isLocal = (url: URL) => /^(localhost|127\.[\d.]+|::1)$/.test(hostOf(url));

/** Whether there is a host behind the name, and something that listens on it. */
export async function reachable({ url, patience }: Service): Promise<Answer> {
  const address = new URL(url);
  let found: string[];
  try {
    found = (await lookup(hostOf(address), { all: true })).map((entry) => entry.address);
  } catch (error) {
    return fail(
      whyNot(error, patience),
      `Is ${address.hostname} written right? \`nslookup ${address.hostname}\`; after a change DNS takes up to its TTL.`,
    );
  }
  const start = performance.now();
  const refused = await new Promise<string | undefined>((done) => {
    const socket = connect({ host: hostOf(address), port: portOf(address), timeout: patience });
    const end = (why?: string) => {
      socket.destroy();
      done(why);
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end(`no connection within ${patience / 1000} s`));
    socket.once("error", (error) => end(whyNot(error, patience)));
  });
  const at = `${found.join(", ")} port ${portOf(address)}`;
  if (refused !== undefined) {
    return fail(
      `${at}: ${refused}`,
      isLocal(address)
        ? "Start it: `npm start` (PORT=8788 npm start for another port)."
        : "Is the service deployed there, and does a firewall let you through?",
    );
  }
  return ok(`${at} in ${(performance.now() - start).toFixed(0)} ms`);
}

/** Whether what is said to the service can be read on the way. */
export async function encrypted({ url, patience }: Service): Promise<Answer> {
  const address = new URL(url);
  if (address.protocol === "http:") {
    return isLocal(address)
      ? skip("http on this machine")
      : fail("http: passwords, tokens and texts can be read on the way", "Use https.");
  }
  const host = hostOf(address);
  return new Promise<Answer>((done) => {
    const socket = connectSecurely({
      host,
      port: portOf(address),
      servername: /^[\d.:]+$/.test(host) ? "" : host,
      timeout: patience,
      // A bad certificate is to be described, not to end this.
      rejectUnauthorized: false,
    });
    const end = (answer: Answer) => {
      socket.destroy();
      done(answer);
    };
    socket.once("timeout", () =>
      end(fail(`no handshake within ${patience / 1000} s`, "Does TLS end there, at that port?")),
    );
    socket.once("error", (error) => end(fail(whyNot(error, patience), "Does TLS end there, at that port?")));
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerCertificate(true);
      const days = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / day);
      const found = `${socket.getProtocol()}, certificate of ${issuerOf(certificate)}, ends ${days < 0 ? `${-days} days ago` : `in ${days} days`}`;
      const fault = socket.authorized ? undefined : String(socket.authorizationError);
      if (fault !== undefined) end(fail(`${found}: ${fault}`, certificateAdvice(fault, host)));
      else if (days < renewalDays)
        end(warn(found, "Renew it; if that should happen by itself, it does not."));
      else end(ok(found));
    });
  });
}

const issuerOf = ({ issuer }: DetailedPeerCertificate) => issuer?.O ?? issuer?.CN ?? "nobody known";

function certificateAdvice(fault: string, host: string): string {
  if (/CERT_HAS_EXPIRED/.test(fault)) return "Renew the certificate.";
  if (/ALTNAME/.test(fault)) return `The certificate is for other names: get one for ${host}.`;
  return "Clients will refuse it: is a proxy in between that reads along, or is the chain of certificates not whole?";
}
