import type { Mail } from "../platform/mail.ts";

// What accounts are told by e-mail. Nothing in it comes from whoever caused it but the address that it goes to or tells
// of: a name would be a way to send strangers a text of one's own. Tokens are in the fragment of a link, which browsers
// send to nobody (law WR-4).

/** Asks whoever reads `to` whether the address is theirs; the link's page asks them to sign in first. */
export function confirmAddress(publicUrl: string, to: string, token: string, life: string): Mail {
  return {
    to,
    subject: "Confirm your e-mail address",
    text: `To confirm that ${to} is your address, open this link, and sign in to your account if you are asked to:

  ${publicUrl}/confirm-email#token=${token}

It works once, within ${life}.

If you have no account at ${publicUrl}, somebody has mistaken your address for theirs. Do nothing, then it stays unconfirmed.
`,
  };
}

export function chooseNewPassword(publicUrl: string, to: string, token: string): Mail {
  return {
    to,
    subject: "Choose a new password",
    text: `Somebody has asked for a new password for the account of ${to} at ${publicUrl}. If that was you, open this link:

  ${publicUrl}/reset-password#token=${token}

It works once, within 10 minutes. Then all devices and programs have to sign in again.

If it was not you, do nothing: your password stays as it is.
`,
  };
}

export function passwordWasReset(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Your password was changed",
    text: `The account of ${to} at ${publicUrl} has a new password. It was chosen with a link that was sent to this address.
All devices and programs were signed out.

If that was not you, somebody else reads your e-mail: secure your mailbox first, and then ask for a new password.
`,
  };
}

export function passwordWasChanged(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Your password was changed",
    text: `The account of ${to} at ${publicUrl} has a new password. It was chosen by somebody who knew the one before.
All other devices were signed out.

If that was not you, choose another one with a link that is sent to this address: ${publicUrl}
`,
  };
}

/** To the address that the account had until now. */
export function addressWasChanged(publicUrl: string, to: string, newAddress: string): Mail {
  return {
    to,
    subject: "Your e-mail address was changed",
    text: `The account of ${to} at ${publicUrl} has a new e-mail address, ${newAddress}. Messages go there from now on.

If that was not you, tell whoever runs ${publicUrl}.
`,
  };
}

/** In place of a link, so that asking for somebody else's address tells nothing but to that person. */
export function addressIsInUse(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Your e-mail address has an account already",
    text: `Somebody has asked to use ${to} for another account at ${publicUrl}. It belongs to yours, so nothing was changed.

If that was you, sign in to your account with this address; if you forgot its password, ask for a new one there.
`,
  };
}

export function secondFactorIsOn(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Your second factor was set up",
    text: `Signing in to the account of ${to} at ${publicUrl} takes a code of an authenticator from now on, besides the password.
An authenticator or recovery codes that it had before are worth nothing any more.

If that was not you, tell whoever runs ${publicUrl}.
`,
  };
}

export function secondFactorIsOff(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Your second factor was switched off",
    text: `Signing in to the account of ${to} at ${publicUrl} takes no code any more.

If that was not you, choose a new password with a link that is sent to this address, and switch the second factor on again:
${publicUrl}
`,
  };
}

export function recoveryCodesAreNew(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Your recovery codes were renewed",
    text: `The account of ${to} at ${publicUrl} has new recovery codes. Those of before are worth nothing any more.

If that was not you, choose a new password with a link that is sent to this address, and set up the second factor anew:
${publicUrl}
`,
  };
}

export function recoveryCodeWasUsed(publicUrl: string, to: string, left: number): Mail {
  return {
    to,
    subject: "A recovery code was used",
    text: `Somebody has used a recovery code of the account of ${to} at ${publicUrl}. ${left} of them are left.

If that was not you, choose a new password with a link that is sent to this address, and renew the recovery codes: ${publicUrl}
`,
  };
}

/** To somebody whose second factor was guessed at. */
export function passwordIsKnown(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Somebody knows your password",
    text: `Somebody gives wrong codes for the account of ${to} at ${publicUrl}, which only who has the password can do. They were kept out.

If that was not you, choose a new password: ${publicUrl}
`,
  };
}

export function accountWasDeleted(publicUrl: string, to: string): Mail {
  return {
    to,
    subject: "Your account was deleted",
    text: `The account of ${to} at ${publicUrl} was deleted, as its person asked.

If that was not you, tell whoever runs ${publicUrl}.
`,
  };
}

/** `from` is an address that its person has proved. */
export function documentsForYou(publicUrl: string, to: string, from: string): Mail {
  return {
    to,
    subject: "Documents were handed over to you",
    text: `${from} has left ${publicUrl} and handed over their documents to you. They are in your personal workspace.
`,
  };
}
