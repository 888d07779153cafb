// Package account holds the plain values that every other package speaks in: objects of a directory, local accounts,
// the links between them, and the changes that bring an account in step with its object.
//
// It owns no behaviour beyond what a value can say about itself, and imports the standard library only.
package account
