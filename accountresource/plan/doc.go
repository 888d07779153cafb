// Package plan decides what happens to every account: it compares the objects of the directory with the accounts of the mail
// store and the links between them, and says which changes bring them in step.
//
// Recover settles the claims that an earlier run left; planning then sees confirmed links, and claims that could not be
// settled, which it leaves alone. A Planner decides once: its changes are not edited afterwards. They are made phase by phase,
// and Correct says what came of one before the next is planned.
//
// It is pure: no I/O, no clock, no logger, no goroutine. It imports account only.
package plan
