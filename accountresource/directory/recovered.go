package directory

import (
	"context"
	"fmt"
	"runtime/debug"
)

// recovered calls f and returns a panic in it as an error, after logging it with its stack: no answer of a server may
// end the panel's process.
func recovered(ctx context.Context, r *Reader, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			what := r.masker.text(fmt.Sprint(p))
			r.options.Logger.ErrorContext(ctx, "panic while reading a directory", "panic", what, "stack", string(debug.Stack()))
			err = fmt.Errorf("read the directory: panic: %s", what)
		}
	}()
	return f()
}
