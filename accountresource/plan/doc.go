// Package plan decides what happens to every account: it compares the objects of the directory with the local accounts
// and the links between them and says which changes bring them in step.
//
// It is pure: no I/O, no clock, no logger, no goroutine. It imports account only.
package plan
