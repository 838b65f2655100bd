import { Link } from "wouter";
import { Doorway } from "./doorway.tsx";

export function AccountDeletedPage() {
  return (
    <Doorway title="Your account is deleted">
      <p>
        A message that says so is on its way to you. Documents that were not handed over are being erased.
      </p>
      <Link href="/register">Create another account</Link>
    </Doorway>
  );
}
