import { Button } from "../design/button.tsx";
import { download } from "../design/download.ts";
import { Notice } from "../design/notice.tsx";
import "./recovery-codes.css";

/** What stands in for the authenticator, the one time that it is shown. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  return (
    <div className="form">
      <Notice kind="warn">
        Keep these codes where you find them without your phone: they are not shown again.
      </Notice>
      <p>Each signs you in once, in place of a code of the app.</p>
      <ul className="recovery-codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="dialog-actions">
        <Button onClick={() => download("materi-recovery-codes.txt", `${codes.join("\n")}\n`, "text/plain")}>
          Save as a file
        </Button>
        <Button look="primary" onClick={onKept}>
          I have kept them
        </Button>
      </div>
    </div>
  );
}
