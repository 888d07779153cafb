// Package signin verifies the password with which a person signs in to the directory (rule R27): only the directory's yes
// lets a person in, an outage is bridged by a verifier for a bounded time, a definite no ends that at once, and guesses
// that come through the mail server do not lock the account in the directory.
//
// It declares the ports it works through (Links, Directory, Verifiers, Attempts) and imports account only.
package signin
