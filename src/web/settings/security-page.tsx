import { GoogleSection } from "./google-section.tsx";
import { PasswordSection } from "./password-section.tsx";
import { SecondFactorSection } from "./second-factor-section.tsx";
import { SecurityEvents } from "./security-events.tsx";
import { SessionsSection } from "./sessions-section.tsx";

/** The ways into one's account, who is in, and what has happened. */
export function SecurityPage() {
  return (
    <>
      <PasswordSection />
      <SecondFactorSection />
      <GoogleSection />
      <SessionsSection />
      <SecurityEvents />
    </>
  );
}
