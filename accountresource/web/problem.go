package web

import (
	"context"
	"log/slog"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

func (w *Web) logProblem(ctx context.Context, what string, err error, more ...any) {
	logProblem(ctx, w.cfg.Logger, what, err, more...)
}

// logProblem logs an error; a panic with its stack.
func logProblem(ctx context.Context, to *slog.Logger, what string, err error, more ...any) {
	if stack := recovered.Stack(err); stack != "" {
		more = append(more, "stack", stack)
	}
	to.ErrorContext(ctx, what, append([]any{"error", err}, more...)...)
}
