/** Why a sign-in with Google came back without one, and the way out. */
export function googleRefusal(code: string): string {
  switch (code) {
    case "account_exists":
      return "There is an account with this e-mail address already. Sign in with its password, then link Google in the settings.";
    case "email_unverified":
      return "Google has not verified this e-mail address. Verify it there, or create an account with a password.";
    case "identity_taken":
      return "This Google account is linked to another account here. Unlink it there first.";
    case "already_linked":
      return "Another Google account is linked here already. Unlink it first.";
    case "oauth_refused":
      return "Google was told not to sign you in here.";
    case "oauth_flow_unknown":
      return "That sign-in has expired, or was begun in another browser. Try again.";
    default:
      return "Google could not sign you in. Try again, or sign in with your password.";
  }
}
