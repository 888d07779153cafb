// Package resource says what an admin configures for one account resource: its settings, their defaults, how a form
// becomes settings with every mistake named beside its field, and the type that keeps the bind password out of logs.
//
// It does no I/O and imports account and the validator only.
package resource
