import { useState } from "react";
import { Button } from "../../design/button.tsx";

/** Of the operation that made a version: what whoever runs the service finds it by (docs/tracing.md). */
export function CopyTraceId({ traceId }: { traceId: string }) {
  const [copied, setCopied] = useState<string>();
  return (
    <Button
      small
      look="quiet"
      title={`Trace id ${traceId}`}
      onClick={async () => {
        await navigator.clipboard.writeText(traceId);
        setCopied(traceId);
      }}
    >
      {copied === traceId ? "Copied" : "Copy trace id"}
    </Button>
  );
}
