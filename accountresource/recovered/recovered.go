// Package recovered turns a panic into an error, so that a fault in one piece of work does not end the whole program.
//
// A panic that nobody recovers ends the process, whichever goroutine it is in: neither errgroup nor, unless it is asked
// to, gocron recovers. What Go itself cannot recover from (a stack that overflows, a map written by two goroutines at
// once) still ends it.
package recovered

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// Error is a panic that was recovered. Its text is short; the stack is for the log.
type Error struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine, as debug.Stack formats it
}

// Error says what panic was called with.
func (e *Error) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap is the value of the panic where that is an error.
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Do calls work and returns its error, or an *Error if it panics.
func Do(work func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &Error{Value: value, Stack: debug.Stack()}
		}
	}()
	return work()
}

// Func wraps work in Do, for errgroup.Group.Go and the like.
func Func(work func() error) func() error {
	return func() error { return Do(work) }
}

// Stack returns the stack of the panic that err wraps. It is empty if err wraps none.
func Stack(err error) string {
	var fault *Error
	if errors.As(err, &fault) {
		return string(fault.Stack)
	}
	return ""
}
