import type { Bundle } from "../../time-travel/bundle.ts";
import { BundleReader } from "../../time-travel/bundle-reader.ts";
import { Timeline } from "../../time-travel/timeline.ts";

/** Hears how far it is, from 0 to 1. */
export type OnProgress = (done: number) => void;

/** A document's life as the service exports it to its operator. Throws an Error whose message is for people. */
export async function exportedLife(id: string, token: string, onProgress: OnProgress): Promise<Timeline> {
  const response = await fetch(`/api/v1/admin/documents/${encodeURIComponent(id)}/export`, {
    headers: { authorization: `Bearer ${token}` },
    cache: "no-store",
  });
  if (!response.ok || !response.body) {
    const { detail } = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new Error(detail ?? `The service answered ${response.status}.`);
  }
  return replayed(await read(response.body, onProgress), onProgress);
}

/** The life in a bundle's file, packed or not. */
export async function lifeInFile(file: File, onProgress: OnProgress): Promise<Timeline> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isPacked = first === 0x1f && second === 0x8b;
  const stream = isPacked ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  return replayed(await read(stream, onProgress), onProgress);
}

/** Reading is the first half, replaying the second. */
async function read(stream: ReadableStream<Uint8Array>, onProgress: OnProgress): Promise<Bundle> {
  const reader = new BundleReader();
  const decoder = new TextDecoder();
  const chunks = stream.getReader();
  for (let chunk = await chunks.read(); !chunk.done; chunk = await chunks.read()) {
    reader.push(decoder.decode(chunk.value, { stream: true }));
    const { read, of } = reader.progress;
    onProgress(of === 0 ? 0 : read / of / 2);
    await pause();
  }
  reader.push(decoder.decode());
  return reader.end();
}

async function replayed(bundle: Bundle, onProgress: OnProgress): Promise<Timeline> {
  const steps = Timeline.replay(bundle);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    onProgress(0.5 + step.value / bundle.operations.length / 2);
    await pause();
  }
}

let pausedAt = 0;

/** Lets the page show itself, some times a second. */
export async function pause(): Promise<void> {
  if (performance.now() - pausedAt < 40) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  pausedAt = performance.now();
}
