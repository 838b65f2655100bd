import { addTo, collectFrom } from "../platform/metrics.ts";
import type { RoomMeter } from "./room-meter.ts";

/** Milliseconds after which an object that did nothing counts as asleep: nobody is told that it is. */
const awakeMs = 60_000;

interface Watched {
  kind: "room" | "fanout";
  activity: number;
  activeAt: number;
}

const watched = new Map<RoomMeter, Watched>();

/** Counts an object among those of this isolate, for as long as it does something. */
export function watchRoom(meter: RoomMeter, kind: Watched["kind"], now: number): void {
  watched.set(meter, { kind, activity: meter.activity, activeAt: now });
}

collectFrom(({ gauges }, now) => {
  for (const [meter, object] of watched) {
    if (meter.activity !== object.activity) {
      object.activity = meter.activity;
      object.activeAt = now;
    } else if (now - object.activeAt > awakeMs) {
      watched.delete(meter);
      continue;
    }
    addTo(gauges, "materi_rooms_awake", { kind: object.kind }, [1]);
    addTo(gauges, "materi_room_sockets", { kind: object.kind }, [meter.sockets]);
  }
});
