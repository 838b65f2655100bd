import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Failure } from "../deploy/failure.ts";

const format = 1;

/** `manifest.json`: what is in the folder; written last, so that a backup that died is none. */
interface Manifest {
  materi_backup: typeof format;
  at: string;
  /** SHA-256 of each file as it was before it was packed; documents' with the version that they reach. */
  files: Record<string, { sha256: string; version?: number }>;
}

/** A backup: a file for each table and for each document's life, and the manifest. Only its owner can read what is in it. */
export class BackupFolder {
  readonly #path: string;
  readonly #files: Manifest["files"];
  readonly #before: Manifest["files"];

  /** One that is there is brought up to date. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.#before = existsSync(join(path, "manifest.json")) ? BackupFolder.#manifest(path).files : {};
    this.#files = {};
  }

  static #manifest(path: string): Manifest {
    try {
      const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as Manifest;
      if (manifest.materi_backup === format) return manifest;
    } catch {}
    throw new Failure(
      1,
      `${path} holds no backup that is whole: it has no manifest.json of format ${format}.`,
    );
  }

  /** The files of a backup that is there. Throws Failure. */
  static list(path: string): { tables: string[]; documents: string[] } {
    const names = Object.keys(BackupFolder.#manifest(path).files);
    const of = (prefix: string) =>
      names.flatMap((name) => (name.startsWith(`${prefix}-`) ? name.slice(prefix.length + 1) : []));
    return { tables: of("table"), documents: of("document") };
  }

  /** What was written. Throws Failure where it is not that any more. */
  static read(path: string, name: string): string {
    const text = gunzipSync(readFileSync(join(path, `${name}.gz`))).toString("utf8");
    if (BackupFolder.#manifest(path).files[name]?.sha256 !== sha256(text)) {
      throw new Failure(1, `${join(path, name)}.gz is not what was written: its SHA-256 is another.`);
    }
    return text;
  }

  /** Keeps what the folder has of it, if that reaches this version. */
  keep(name: string, version: number): boolean {
    const before = this.#before[name];
    if (before?.version !== version || !existsSync(join(this.#path, `${name}.gz`))) return false;
    this.#files[name] = before;
    return true;
  }

  write(name: string, text: string, version?: number): void {
    this.#put(`${name}.gz`, gzipSync(text));
    this.#files[name] = { sha256: sha256(text), ...(version !== undefined && { version }) };
  }

  finish(): void {
    const manifest: Manifest = { materi_backup: format, at: new Date().toISOString(), files: this.#files };
    this.#put("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
  }

  /** A crash leaves the old file. */
  #put(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.#path, `${name}.new`), content, { mode: 0o600 });
    renameSync(join(this.#path, `${name}.new`), join(this.#path, name));
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
