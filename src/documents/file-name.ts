/** What Windows takes for a device, with whatever ending (https://learn.microsoft.com/windows/win32/fileio/naming-a-file). */
const device = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i;

/** Bytes of a name without its ending: file systems take 255. */
const maxBytes = 200;

/**
 * A title as the name of a file, without its ending, that every file system takes and none takes for a path: no separators,
 * control or invisible characters, no dot or blank at its ends, no device.
 */
export function fileStem(title: string): string {
  const kept = title
    .normalize("NFC")
    .replaceAll(/[/\\:*?"<>|\p{Cc}\p{Zl}\p{Zp}]/gu, "-")
    // Among them what turns the direction of writing, by which an ending looks like another.
    .replaceAll(/[\p{Cf}\p{Cs}]/gu, "");
  const stem = trimmed(shortened(trimmed(kept))) || "Untitled";
  return device.test(stem.split(".")[0]!.trimEnd()) ? `_${stem}` : stem;
}

const trimmed = (name: string) => name.replaceAll(/^[\s.]+|[\s.]+$/gu, "");

function shortened(name: string): string {
  let bytes = 0;
  let end = 0;
  for (const character of name) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return name.slice(0, end);
}

/** Names of files, of which no two are one to a file system that does not tell letters by their case. */
export class FileNames {
  readonly #taken = new Set<string>();
  /** How many have had a stem: the next one's number, unless that is somebody's title. */
  readonly #counts = new Map<string, number>();

  /** The name for a title; `ending` with its dot. */
  of(title: string, ending: string): string {
    const stem = fileStem(title);
    const key = stem.toLowerCase();
    for (;;) {
      const count = (this.#counts.get(key) ?? 0) + 1;
      this.#counts.set(key, count);
      const name = count === 1 ? stem + ending : `${stem} (${count})${ending}`;
      if (this.#taken.has(name.toLowerCase())) continue;
      this.#taken.add(name.toLowerCase());
      return name;
    }
  }
}

/**
 * The `Content-Disposition` of a file to be saved under a name (RFC 6266): in UTF-8 as RFC 8187 §3.2 has it, and before that,
 * for who does not know it, in ASCII.
 */
export function attachment(name: string): string {
  const ascii = name
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^ -~]|["\\%]/g, "_");
  const utf8 = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
