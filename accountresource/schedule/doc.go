// Package schedule decides when runs happen: one gocron job a resource, and the background work that buttons start.
//
// It knows resources and their intervals only; what a run is, it is told as a function. No Fiber, no store, no
// directory.
package schedule
