import { Failure } from "../deploy/failure.ts";

/** Documents' texts and histories, by the operator's routes of the service. */
export class Lives {
  readonly #url: string;
  readonly #authorization: string;

  /** Throws Failure without the operator's token: it comes from the environment, as arguments are for everybody to see. */
  constructor(url: string) {
    const token = process.env.MATERI_ADMIN_TOKEN;
    if (!token) throw new Failure(2, "Set MATERI_ADMIN_TOKEN to the service's ADMIN_TOKEN.");
    this.#url = `${url.replace(/\/+$/, "")}/api/v1/admin/documents`;
    this.#authorization = `Bearer ${token}`;
  }

  /** The newest version, and undefined where there is no room: it was erased meanwhile. */
  async version(id: string): Promise<number | undefined> {
    const answer = await this.#ask(`/${id}/operations?limit=1`);
    if (answer.status === 404) return undefined;
    return ((await answer.json()) as { version: number }).version;
  }

  /** The bundle as it came, whole; undefined as above. */
  async read(id: string): Promise<string | undefined> {
    const answer = await this.#ask(`/${id}/export`);
    if (answer.status === 404) return undefined;
    const text = await answer.text();
    if (!/\n\{"end":\d+\}\n$/.test(text))
      throw new Failure(1, `The bundle of ${id} is cut off: run it again.`);
    return text;
  }

  /** Whether it was brought in: it is there already otherwise. */
  async write(id: string, bundle: string, replace: boolean): Promise<boolean> {
    const answer = await this.#ask(`/${id}/life?replace=${replace}`, {
      method: "PUT",
      body: bundle,
      headers: { "content-type": "application/vnd.materi.bundle" },
    });
    if (answer.status === 404) throw new Failure(1, `${id}: ${await whyOf(answer)}`);
    return answer.status !== 412;
  }

  async #ask(
    path: string,
    { headers = {}, ...request }: { method?: string; body?: string; headers?: object } = {},
  ) {
    const answer = await fetch(this.#url + path, {
      ...request,
      headers: { ...headers, authorization: this.#authorization },
    }).catch((error: Error) => {
      throw new Failure(1, `The service cannot be reached: ${error.message}`);
    });
    if (answer.ok || answer.status === 404 || answer.status === 412) return answer;
    throw new Failure(1, `The service refused ${path}: ${await whyOf(answer)}`);
  }
}

async function whyOf(answer: Response): Promise<string> {
  const { error, detail } = (await answer.json().catch(() => ({}))) as { error?: string; detail?: string };
  return `${answer.status} ${error ?? ""} ${detail ?? ""}`.trim();
}
