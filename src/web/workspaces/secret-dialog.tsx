import { Button } from "../design/button.tsx";
import { CopyField } from "../design/copy-field.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Notice } from "../design/notice.tsx";

/** The secret of a webhook, the one time that it is shown. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title="The webhook’s secret" onClose={onClose}>
      <div className="form">
        <Notice kind="warn">Copy it now: it is not shown again.</Notice>
        <p>With it, the target checks that a message is from here, and unchanged.</p>
        <CopyField label="Secret" value={secret} />
        <div className="dialog-actions">
          <Button look="primary" onClick={onClose}>
            I have kept it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
