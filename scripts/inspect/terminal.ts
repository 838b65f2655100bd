import { emitKeypressEvents } from "node:readline";
import type { Timeline } from "../../src/time-travel/timeline.ts";
import { type Key, Screen } from "./screen.ts";

/** Milliseconds between two pictures of a life that is played. */
const pictureMs = 60;

/** Shows a life on the terminal until somebody leaves it. */
export async function show(timeline: Timeline): Promise<void> {
  const { stdin, stdout } = process;
  const screen = new Screen(timeline);
  const draw = () => {
    const lines = screen.lines(stdout.columns, stdout.rows);
    stdout.write(
      `\u001b[H${lines
        .slice(0, stdout.rows)
        .map((line) => `${line}\u001b[K`)
        .join("\r\n")}\u001b[J`,
    );
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  // Another screen, which leaves what was there before as it was; no cursor.
  stdout.write("\u001b[?1049h\u001b[?25l");
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    draw();
    stdout.on("resize", draw);
    await new Promise<void>((leave) => {
      stdin.on("keypress", (_: string | undefined, key: Key) => {
        if (!screen.press(key)) {
          leave();
          return;
        }
        draw();
        clearInterval(timer);
        if (!screen.isPlaying) return;
        timer = setInterval(() => {
          screen.play();
          draw();
          if (!screen.isPlaying) clearInterval(timer);
        }, pictureMs);
      });
    });
  } finally {
    clearInterval(timer);
    stdout.write("\u001b[?25h\u001b[?1049l");
    stdin.setRawMode(false);
    stdin.pause();
  }
}
