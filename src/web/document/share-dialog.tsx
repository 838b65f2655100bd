import { Dialog } from "../design/dialog.tsx";
import { ShareLinks } from "./share-links.tsx";
import { SharePeople } from "./share-people.tsx";
import "./share-dialog.css";

/** Who besides the workspace's people may come into the document; for its owners. */
export function ShareDialog({ id, title, onClose }: { id: string; title: string; onClose: () => void }) {
  return (
    <Dialog title={`Share “${title}”`} onClose={onClose}>
      <SharePeople id={id} />
      <ShareLinks id={id} />
    </Dialog>
  );
}
