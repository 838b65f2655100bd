import { Link } from "wouter";
import { buttonClass } from "../design/button.tsx";
import { Empty } from "../design/notice.tsx";
import { useTitle } from "./title.ts";

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <Empty title="There is nothing here">
      <p>The address may be mistyped, or what was here is gone.</p>
      <Link href="/" className={buttonClass()}>
        All documents
      </Link>
    </Empty>
  );
}
