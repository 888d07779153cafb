package recovered

import (
	"context"
	"log/slog"
)

// Log logs an error of what was being done, such as "renew the lease", with its stack if it wraps a panic. A nil error
// is not logged. A logger that panics has no effect: Log is for goroutines whose panic would end the program.
func Log(ctx context.Context, logger *slog.Logger, doing string, err error, attrs ...any) {
	if err == nil {
		return
	}
	attrs = append([]any{"error", err}, attrs...)
	if stack := Stack(err); stack != "" {
		attrs = append(attrs, "stack", stack)
	}
	_ = Do(func() error {
		logger.ErrorContext(ctx, doing, attrs...)
		return nil
	})
}
