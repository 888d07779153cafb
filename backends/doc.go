// Package backends says what a mail account store must do for the replication: one small interface, a plain
// description of what a store has a place for, and the sentinel errors of its results.
//
// It owns the contract only. The stores are in its folders; none of them knows the directory, the plan or a page.
package backends
