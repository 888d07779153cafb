package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// panicError is a panic that was recovered from.
type panicError struct {
	value any
	stack []byte
}

// panicked makes an error of what recover returned; it must be called where the panic is recovered from.
func panicked(value any) error { return &panicError{value, debug.Stack()} }

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func (w *Web) logProblem(ctx context.Context, what string, err error, more ...any) {
	logProblem(ctx, w.cfg.Logger, what, err, more...)
}

// logProblem logs an error; a panic with its stack.
func logProblem(ctx context.Context, to *slog.Logger, what string, err error, more ...any) {
	var p *panicError
	if errors.As(err, &p) {
		more = append(more, "stack", string(p.stack))
	}
	to.ErrorContext(ctx, what, append([]any{"error", err}, more...)...)
}
